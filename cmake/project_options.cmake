# Linked PRIVATE by every target of ours: warnings are errors on our code, not on the code we use.
option(WCAM_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(WCAM_FUZZ "Build tests/fuzz for libFuzzer (Clang)" OFF)

add_library(project_options INTERFACE)
target_compile_options(project_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # At -O3 GCC 12 takes "literal" + std::string for an overlapping copy (GCC bug 105651). Not in dev: clang-tidy reads
  # its commands and does not know the option.
  target_compile_options(project_options INTERFACE $<$<CONFIG:Release>:-Wno-restrict>)
endif()
target_include_directories(project_options INTERFACE ${PROJECT_SOURCE_DIR})
if(WCAM_SANITIZE)
  # Global, so that generated code and libraries agree with the executables on their allocator.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC's manual: sanitizers may cause false positives of this one.
    target_compile_options(project_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(WCAM_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# A cache of what was compiled before, where there is one.
find_program(CCACHE ccache)
if(CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
