#!/usr/bin/env bash
# Builds the project on a clean Debian 13 with that Debian's LibTorch for CUDA, in a folder, and runs it there on the CPU:
# `wcam doctor` must say that there is no driver, and a sweep must pass.
#   scripts/check_cuda_build.sh [DIR]     needs root, a network and 15 GB; fetches 2.4 GB; DIR: build/debian/cuda, kept
#
# nvidia-cudnn fetches from NVIDIA while it is installed. Where that fails, a library of cuDNN's names without a function
# stands in for it, since nothing on a CPU calls one.
set -euo pipefail
cd "$(dirname "$0")/.."

models/demo/photos.sh build/demo/photos
root=${1:-build/debian/cuda}
clean_debian() { COMPONENTS=main,contrib,non-free scripts/clean_debian.sh trixie "$root" --sources "$1"; }

clean_debian 'grep -v ^libtorch-dev scripts/packages.txt >packages.txt && scripts/install_packages.sh packages.txt'
# shellcheck disable=SC2016  # the inner shell's
clean_debian '
  apt-get install -y -qq --no-install-recommends libtorch-cuda-dev >/dev/null || {
    left=$(dpkg-query -W -f "\${Status} \${Package}\n" | sed -n "s/^install ok \(unpacked\|half-configured\) //p" | xargs)
    [ "$left" = "libtorch-cuda-2.6 libtorch-cuda-dev nvidia-cudnn" ]
    echo "without cuDNN: a stand-in takes its place"
    cd /usr/lib/x86_64-linux-gnu
    nm -D --undefined-only libtorch_cuda.so.2.6 | sed -nE "s/^ +U (cudnn[A-Za-z0-9_]+).*/int \1(void) { return 0; }/p" |
      gcc -shared -Wl,-soname,libcudnn.so.9 -Wl,--version-script=<(echo "libcudnn.so.9 { global: *; };") \
          -x c -o libcudnn.so.9 -
  }'
clean_debian 'scripts/build.sh release'
clean_debian '
  build/release/bin/wcam doctor --devices cpu | tee doctor.txt
  grep -q "^warn  driver  *none; LibTorch sees 0 GPUs: this LibTorch could use GPUs" doctor.txt
  ! build/release/bin/wcam doctor --devices cuda:0 >doctor.txt || exit 1
  grep "^FAIL  cuda:0 .*LibTorch sees no GPU" doctor.txt'
cp -r build/demo/photos "$root/root/wcam/build/"
clean_debian 'rm -rf build/sweep && build/release/bin/wcam run --images build/photos --models models/demo/models.json \
  --cases baseline,adv --corruptions contrast --severities 5 --select all --sample-size 2 --grid 8 --workers 2 \
  --sweep build/sweep && ls build/sweep/figures/figure-{4,5}/*.pdf'
