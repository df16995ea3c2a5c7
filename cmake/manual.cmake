# Manual pages and the completion for bash, from what the programs say to --help: a verb or an option is in them by
# itself. Made with release builds; in others by whoever asks for them: the target `manual`, its tests, an installation.
# Not under sanitizers, which complain of what LibTorch keeps to the end of a process.
if(WCAM_SANITIZE)
  return()
endif()
find_program(HELP2MAN help2man REQUIRED)
set(manual ${CMAKE_BINARY_DIR}/manual)
set(programs wcam wcam-coordinator wcam-analysis wcam-plot)
if(WCAM_WITH_WORKER)
  list(APPEND programs wcam-worker)
endif()
add_custom_command(OUTPUT ${manual}/wcam
  COMMAND ${CMAKE_CURRENT_LIST_DIR}/manual.sh ${CMAKE_RUNTIME_OUTPUT_DIRECTORY} ${manual}
  DEPENDS ${programs} ${CMAKE_CURRENT_LIST_DIR}/manual.sh ${CMAKE_CURRENT_LIST_DIR}/manual.h2m
          ${CMAKE_CURRENT_LIST_DIR}/completion.bash
  COMMENT "Manual pages and completion" VERBATIM)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_custom_target(manual ALL DEPENDS ${manual}/wcam)
else()
  add_custom_target(manual DEPENDS ${manual}/wcam)
  install(CODE "execute_process(COMMAND \"${CMAKE_COMMAND}\" --build \"${CMAKE_BINARY_DIR}\" --target manual
                                COMMAND_ERROR_IS_FATAL ANY)")
endif()
install(DIRECTORY ${manual}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
# Found by the name of what is completed.
foreach(program wcam wcam-coordinator wcam-worker)
  install(FILES ${manual}/wcam DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME ${program})
endforeach()
