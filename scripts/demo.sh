#!/usr/bin/env bash
# From a fresh Debian to figures and a report: installs the packages, builds, fetches the demo photographs and runs
# a sweep of the demo classifiers over them with a coordinator and two workers. All corruptions, so that eight images
# and more qualify, below which a report asserts nothing; 16 cells a side, of which none straddles two levels. Run
# again, it skips what is there.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh scripts/packages.txt
scripts/build.sh release
models/demo/photos.sh build/demo/photos

build/release/bin/wcam run \
  --images build/demo/photos --models models/demo/models.json \
  --labels models/demo/labels.tsv --perturbation corruptions --corruptions all \
  --sample-size 12 --max-altered 1 --controls matched --explain predicted,source --grid 16 --sufficient \
  --sweep build/demo/sweep --workers 2
build/release/bin/wcam report build/demo/sweep
