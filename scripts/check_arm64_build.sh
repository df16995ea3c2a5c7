#!/usr/bin/env bash
# Compiles the product and its tests for 64-bit ARM with Debian's cross compiler, in a folder of Debian 13, and runs under
# qemu: the doctors, one of which computes a known WCAM, and the unit tests of common, coordinator and plotting.
#   scripts/check_arm64_build.sh [DIR]     needs root, a network and 6 GB; an hour on two cores; DIR: build/debian/arm64, kept
set -euo pipefail
cd "$(dirname "$0")/.."
root=${1:-build/debian/arm64}
libraries=/arm64 # of the other machine; unpacked, not installed: nothing of it can run here while it is set up
triplet=aarch64-linux-gnu
clean_debian() { scripts/clean_debian.sh trixie "$root" --sources "libraries=$libraries triplet=$triplet; $1"; }

# shellcheck disable=SC2016  # the inner shell's
[ -e "$root$libraries/complete" ] || clean_debian '
  dpkg --add-architecture arm64
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends ccache cmake fontconfig-config fonts-dejavu-core g++-$triplet git \
    help2man ninja-build pkg-config protobuf-compiler python3 qemu-user >/dev/null
  foreign=()
  for package in $(grep -hE "^(lib|zlib|cppzmq|nlohmann|fonts)" scripts/packages.txt scripts/packages-test.txt | cut -d "|" -f 1); do
    # What is the same on all machines has no arm64 of its own.
    if apt-cache show "$package:arm64" >/dev/null 2>&1; then package+=:arm64; fi
    foreign+=("$package")
  done
  apt-get install -y -qq --no-install-recommends --download-only "${foreign[@]}" >/dev/null
  for archive in /var/cache/apt/archives/*_{arm64,all}.deb; do dpkg -x "$archive" $libraries; done
  ln -sfn usr/lib $libraries/lib
  for name in libblas.so.3 liblapack.so.3; do # which alternatives would have named, had it been installed
    ln -sfn openblas-pthread/$name $libraries/usr/lib/$triplet/$name
  done
  touch $libraries/complete'

cat >"$root/root/arm64.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER $triplet-gcc)
set(CMAKE_CXX_COMPILER $triplet-g++)
set(CMAKE_SYSROOT $libraries)
set(CMAKE_LIBRARY_ARCHITECTURE $triplet)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,-rpath-link,$libraries/usr/lib/$triplet:$libraries/usr/lib/$triplet/openblas-pthread")
END
# shellcheck disable=SC2016
clean_debian '
  run="qemu-aarch64;-L;$libraries;-E;LD_LIBRARY_PATH=$libraries/usr/lib/$triplet/openblas-pthread"
  export PKG_CONFIG_SYSROOT_DIR=$libraries
  export PKG_CONFIG_LIBDIR=$libraries/usr/lib/$triplet/pkgconfig:$libraries/usr/share/pkgconfig
  configure() {
    cmake -G Ninja -DCMAKE_TOOLCHAIN_FILE=/root/arm64.cmake -DCMAKE_CROSSCOMPILING_EMULATOR="$run" -B "$@" >/dev/null
  }
  configure build/arm64 -DCMAKE_BUILD_TYPE=Release -DWCAM_WITH_TESTS=OFF
  cmake --build build/arm64 --target wcam wcam-coordinator wcam-worker wcam-analysis wcam-plot wcam-kernel-check
  for doctor in "wcam-worker doctor --devices cpu" "wcam-coordinator doctor --sweep /tmp" "wcam-kernel-check cpu"; do
    ${run//;/ } build/arm64/bin/$doctor
  done
  configure build/arm64-tests -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG="-O1 -g0" -DWCAM_WITH_WORKER=OFF
  cmake --build build/arm64-tests
  # Without those that start another program by themselves, which the kernel here cannot, and one of many minutes.
  ctest --test-dir build/arm64-tests --parallel 2 --timeout 600 --output-on-failure --no-tests=error \
    --exclude-regex "Program|^queue_|^store_reader_test|Simulation.Every"'
