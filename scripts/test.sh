#!/usr/bin/env bash
# Sets up a Debian 12 machine and passes the tests: the whole suite of an optimised build with assertions, then the same
# under AddressSanitizer and UndefinedBehaviorSanitizer for all that is not heavy on LibTorch.
#   scripts/test.sh [--fast]     --fast: only the optimised build, without the end-to-end tests
set -euo pipefail
cd "$(dirname "$0")/.."
fast=${1:-}

scripts/install_packages.sh scripts/packages.txt scripts/packages-test.txt
scripts/build.sh dev
if [ "$fast" = --fast ]; then
  ctest --preset dev --label-exclude end-to-end
  exit
fi
scripts/build.sh asan
ctest --preset asan
ctest --preset dev
