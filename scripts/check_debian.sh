#!/usr/bin/env bash
# Builds the project on a clean Debian of another release than this machine's, in a folder, passes all unit tests there
# and runs a sweep to its figures. Its results must be those of the same sweep here, up to rounding.
#   scripts/check_debian.sh SUITE [DIR]     needs root, a network and build/dev; DIR is kept, else the folder is temporary
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1

models/demo/photos.sh build/demo/photos
if [ $# -gt 1 ]; then root=$2; else
  root=$(mktemp -d)
  trap 'rm -rf --one-file-system "$root"' EXIT
  trap 'exit 1' INT TERM # once the command in hand has ended, which may still write there
fi

sweep='rm -rf build/sweep && build/dev/bin/wcam run --images build/demo/photos --models models/demo/models.json \
  --cases baseline,adv --corruptions contrast,jpeg,defocus-blur --sample-size 2 --max-altered 1 --grid 14 --workers 2 \
  --sweep build/sweep'
bash -c "$sweep"

scripts/clean_debian.sh "$suite" "$root" --sources 'scripts/test.sh --fast && mkdir -p build/demo'
cp -r build/demo/photos "$root/root/wcam/build/demo/"
scripts/clean_debian.sh "$suite" "$root" "cd wcam && $sweep && ls build/sweep/figures/figure-{4,5}/*.pdf"
scripts/compare_results.py build/sweep/results.h5 "$root/root/wcam/build/sweep/results.h5"
