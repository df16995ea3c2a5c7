#!/usr/bin/env bash
# Sets up a Debian 12 machine and passes the tests: the whole suite of an optimised build with assertions, then the same
# under AddressSanitizer and UndefinedBehaviorSanitizer for all that is not heavy on LibTorch. A test that was skipped
# shows nothing, so one is a failure here.
#   scripts/test.sh [--fast]     --fast: only the optimised build, without the end-to-end tests
set -euo pipefail
cd "$(dirname "$0")/.."
fast=${1:-}

# ctest of a preset, with more of its options if need be.
pass() {
  local results=$PWD/build/$1/results.xml
  rm -f "$results"
  ctest --preset "$@" --output-junit "$results"
  local skipped
  skipped=$(sed -nE 's/.*<testcase name="([^"]*)".* status="(notrun|disabled)".*/  \1/p' "$results")
  [ -z "$skipped" ] || { printf 'test.sh: skipped, see build/%s/results.xml for the reasons:\n%s\n' "$1" "$skipped" >&2; exit 1; }
}

scripts/install_packages.sh scripts/packages.txt scripts/packages-test.txt
scripts/build.sh dev
if [ "$fast" = --fast ]; then
  pass dev --label-exclude end-to-end
  exit
fi
scripts/build.sh asan
# Side by side: the end-to-end tests of the one wait where the other computes.
set -m  # a group of its own, which can be ended as a whole
pass asan --parallel 1 >build/asan/tests.log 2>&1 &
sanitized=$!
set +m
trap 'kill -- -"$sanitized" 2>/dev/null || true' EXIT
pass dev
wait "$sanitized" || { cat build/asan/tests.log; exit 1; }
tail -n 5 build/asan/tests.log
