#!/usr/bin/env bash
# Sets up a Debian machine and passes the tests: the whole suite of an optimised build with assertions, then the same
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
  ctest --preset "$@" --no-tests=error --output-junit "$results"
  local skipped
  skipped=$(sed -nE 's/.*<testcase name="([^"]*)".* status="(notrun|disabled)".*/  \1/p' "$results")
  [ -z "$skipped" ] || { printf 'test.sh: skipped, see build/%s/results.xml for the reasons:\n%s\n' "$1" "$skipped" >&2; exit 1; }
}

sanitized() {
  nice -n 19 scripts/build.sh asan
  pass asan
}

scripts/install_packages.sh scripts/packages.txt scripts/packages-test.txt
scripts/build.sh dev
if [ "$fast" = --fast ]; then
  pass dev --label-exclude end-to-end
  exit
fi
# Side by side: the end-to-end tests mostly wait, and what compiles meanwhile gives way to them.
set -m  # a group of its own, which can be ended as a whole
sanitized >build/sanitized.log 2>&1 &
background=$!
set +m
trap 'kill -- -"$background" 2>/dev/null || true' EXIT
pass dev --parallel $(($(nproc) + 1))
wait "$background" || { cat build/sanitized.log; exit 1; }
tail -n 5 build/sanitized.log
