#!/usr/bin/env bash
# Sets up a Debian machine and passes the tests of an optimised build with assertions. A test that was skipped shows
# nothing, so one is a failure here.
#   scripts/test.sh [--fast | --sanitized]    --fast: without the end-to-end tests; --sanitized: the same under
#                                             AddressSanitizer and UndefinedBehaviorSanitizer, without what is heavy on
#                                             LibTorch
set -euo pipefail
cd "$(dirname "$0")/.."

# ctest of a preset, with more of its options if need be.
pass() {
  local results=$PWD/build/$1/results.xml
  rm -f "$results"
  ctest --preset "$@" --no-tests=error --output-junit "$results"
  local skipped
  skipped=$(sed -nE 's/.*<testcase name="([^"]*)".* status="(notrun|disabled)".*/  \1/p' "$results")
  [ -z "$skipped" ] || { printf 'test.sh: skipped, see build/%s/results.xml for the reasons:\n%s\n' "$1" "$skipped" >&2; exit 1; }
}

scripts/install_packages.sh scripts/packages.txt scripts/packages-test.txt
case ${1:-} in
  --fast)
    scripts/build.sh dev
    pass dev --label-exclude end-to-end
    ;;
  --sanitized)
    scripts/build.sh asan
    pass asan
    ;;
  *)
    scripts/build.sh dev
    pass dev --parallel $(($(nproc) + 1)) # the end-to-end tests mostly wait
    ;;
esac
