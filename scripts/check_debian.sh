#!/usr/bin/env bash
# Builds the project with sanitizers on a clean Debian of another release than this machine's, in a folder, passes the
# tests there and runs a sweep to its figures, report and gallery. Its results must be those of the same sweep here, up to rounding.
#   scripts/check_debian.sh SUITE [DIR]     needs root, a network and build/dev; DIR: build/debian/SUITE, kept
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1

models/demo/photos.sh build/demo/photos
root=${2:-build/debian/$suite}

sweep() { # with the programs of PRESET
  echo "rm -rf build/sweep && build/$1/bin/wcam run --images build/demo/photos --models models/demo/models.json \
    --cases baseline,adv --corruptions contrast,jpeg,defocus-blur --sample-size 2 --max-altered 1 --grid 14 --workers 2 \
    --sweep build/sweep && build/$1/bin/wcam report build/sweep && build/$1/bin/wcam gallery build/sweep"
}
bash -c "$(sweep dev)"

# Beside its tests those of what this PyTorch can read and the other cannot. LibTorch leaks what it has read of a file
# that it then refuses.
# shellcheck disable=SC2016  # the inner shell's
scripts/clean_debian.sh "$suite" "$root" --sources 'scripts/test.sh --sanitized
  ASAN_OPTIONS=detect_leaks=0 WCAM_BIN=$PWD/build/asan/bin \
    python3 -B -m pytest -q -p no:cacheprovider -k program tests/models/test_export.py
  mkdir -p build/demo'
cp -r build/demo/photos "$root/root/wcam/build/demo/"
scripts/clean_debian.sh "$suite" "$root" "cd wcam && $(sweep asan) && ls build/sweep/figures/figure-{4,5}/*.pdf"
scripts/compare_results.py build/sweep/results.h5 "$root/root/wcam/build/sweep/results.h5"
