#!/usr/bin/env bash
# Compiles the whole product for 64-bit ARM with Debian's cross compiler, and runs its doctor, which computes a known
# WCAM, under qemu. In a folder of Debian 13, made anew unless DIR is one from before: 6 GB, an hour on two cores.
#   scripts/check_arm64_build.sh [DIR]      SUITE=bookworm: Debian 12. Needs root, debootstrap and a network.
set -euo pipefail
cd "$(dirname "$0")/.."
root=${1:-$(mktemp -d)/root}
libraries=/arm64 # of the other machine; unpacked, not installed: nothing of it can run here while it is set up
triplet=aarch64-linux-gnu

in_root() {
  chroot "$root" env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

[ -x "$root/bin/bash" ] || debootstrap --variant=minbase "${SUITE:-trixie}" "$root" >/dev/null
cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
for folder in proc sys dev; do mountpoint -q "$root/$folder" || mount --bind "/$folder" "$root/$folder"; done
trap 'for folder in dev sys proc; do umount -l "$root/$folder"; done' EXIT

if [ ! -e "$root$libraries/complete" ]; then
  in_root dpkg --add-architecture arm64
  in_root apt-get update -qq
  in_root apt-get install -y -qq --no-install-recommends ccache cmake g++-$triplet git ninja-build pkg-config \
    help2man protobuf-compiler python3 qemu-user >/dev/null
  mapfile -t wanted < <(grep -E '^(lib|zlib|cppzmq|nlohmann|fonts)' scripts/packages.txt)
  foreign=()
  for package in "${wanted[@]}"; do # what is the same on all machines has no arm64 of its own
    if in_root apt-cache show "$package:arm64" >/dev/null 2>&1; then package+=":arm64"; fi
    foreign+=("$package")
  done
  in_root apt-get install -y -qq --no-install-recommends --download-only "${foreign[@]}" >/dev/null
  for archive in "$root"/var/cache/apt/archives/*_{arm64,all}.deb; do dpkg -x "$archive" "$root$libraries"; done
  ln -sfn usr/lib "$root$libraries/lib"
  # What alternatives would have named, had it been installed.
  for name in libblas.so.3 liblapack.so.3; do
    ln -sfn "openblas-pthread/$name" "$root$libraries/usr/lib/$triplet/$name"
  done
  touch "$root$libraries/complete"
fi

rm -rf "$root/project"
git clone -q . "$root/project"
cat >"$root/arm64.cmake" <<END
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
in_root env PKG_CONFIG_SYSROOT_DIR=$libraries \
  PKG_CONFIG_LIBDIR=$libraries/usr/lib/$triplet/pkgconfig:$libraries/usr/share/pkgconfig \
  cmake -G Ninja -S /project -B /build -DCMAKE_TOOLCHAIN_FILE=/arm64.cmake -DCMAKE_BUILD_TYPE=Release \
  -DWCAM_WITH_TESTS=OFF
in_root cmake --build /build --target wcam wcam-coordinator wcam-worker wcam-plot
blas=$libraries/usr/lib/$triplet/openblas-pthread
in_root qemu-aarch64 -L $libraries -E LD_LIBRARY_PATH=$blas /build/bin/wcam-worker doctor --devices cpu
in_root qemu-aarch64 -L $libraries /build/bin/wcam-coordinator doctor --sweep /tmp
