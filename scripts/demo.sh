#!/usr/bin/env bash
# From a fresh Debian to figures and a report: installs the packages, builds, fetches the demo photographs and runs
# a sweep of the demo classifiers over them with a coordinator and two workers, with the corruptions that
# models/demo/README.md tells of. Run again, it skips what is there.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh scripts/packages.txt
scripts/build.sh release
models/demo/photos.sh build/demo/photos

build/release/bin/wcam run \
  --images build/demo/photos --models models/demo/models.json \
  --perturbation corruptions --corruptions defocus-blur,brightness,jpeg,saturate,pixelate,contrast,gaussian-blur \
  --sample-size 2 --max-altered 1 --sufficient \
  --sweep build/demo/sweep --workers 2
build/release/bin/wcam report build/demo/sweep
