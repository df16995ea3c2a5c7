#!/usr/bin/env bash
# First stage of Dockerfile and wcam.def, as root in a Debian 12 that is thrown away: makes /opt/wcam, which the second
# stage takes: wcam.deb, install.sh and, if there is a zip, its libtorch/lib.
#   build.sh [LIBTORCH_ZIP LIBTORCH_SHA256]     a file in this folder, and what `sha256sum` says of it
set -euo pipefail
cd "$(dirname "$0")"
zip=${1:-} pinned=${2:-} packages=../../scripts/packages.txt
refuse() { echo "build.sh: $1" >&2; exit 1; }

if [ -n "$zip" ]; then
  [ -f "$zip" ] || refuse "LIBTORCH_ZIP=$zip: there is no such file in cluster/container"
  found=$(sha256sum "$zip" | cut -d ' ' -f 1)
  [ "$found" = "$pinned" ] || refuse "$zip is not the pinned one: its sum is $found, LIBTORCH_SHA256 is '$pinned'"
  packages=$(mktemp)
  grep -v '^libtorch-dev' ../../scripts/packages.txt >"$packages"
fi
../../scripts/install_packages.sh "$packages"

mkdir -p /opt/wcam
if [ -n "$zip" ]; then
  (cd /opt && cmake -E tar x "$OLDPWD/$zip")
  if grep -q CXX11_ABI=0 /opt/libtorch/share/cmake/Torch/TorchConfig.cmake; then
    refuse "$zip has the old ABI of C++, Debian's libraries the new one: take the cxx11-abi archive"
  fi
  rm -rf /opt/libtorch/include/google  # its own protobuf, of another version than Debian's, which we use
  mkdir /opt/wcam/libtorch
  mv /opt/libtorch/lib /opt/wcam/libtorch
  ln -s /opt/wcam/libtorch/lib /opt/libtorch/lib
  echo /opt/wcam/libtorch/lib >/etc/ld.so.conf.d/libtorch.conf && ldconfig  # where cpack looks for it
  export CMAKE_PREFIX_PATH=/opt/libtorch
fi
../../scripts/build.sh release
(cd ../../build/release && cpack)
mv ../../build/release/wcam_*.deb /opt/wcam/wcam.deb
cp install.sh /opt/wcam
