#!/usr/bin/env bash
# Whether the tests find mistakes: breaks the code as each patch of a folder tests/.../ROOM/mutants says, in a copy, and
# runs ROOM_tests: the simulation of the queue on mistakes of the queue, the tests of the numerics on mistakes in those.
# Exit 0: every mistake was found.
#   scripts/mutants.sh [PATCH...]     default: all, 11 minutes on two cores; a quarter of a minute each
#   scripts/mutants.sh --check        only whether all patches still apply
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t patches < <(git ls-files 'tests/*/mutants/*.patch')
if [ "${1:-}" = --check ]; then
  for patch in "${patches[@]}"; do git apply --check "$patch"; done
  exit
fi
[ $# -eq 0 ] || mapfile -t patches < <(realpath --relative-to=. "$@")

program_of() { echo "$(basename "$(dirname "$(dirname "$1")")")_tests"; }
mapfile -t programs < <(for patch in "${patches[@]}"; do program_of "$patch"; done | sort -u)

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
cp --parents -t "$copy" "${patches[@]}"
cd "$copy"
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
with_worker=OFF
[[ " ${programs[*]} " != *" worker_tests "* ]] || with_worker=ON
cmake --preset dev -DWCAM_WITH_WORKER=$with_worker > cmake.log

run() {
  case $1 in
    # More schedules than in the usual run: some mistakes need a rare one.
    simulation_tests) WCAM_SIMULATION_SCHEDULES=40000 timeout 600 build/dev/bin/simulation_tests ;;
    # JobRunnerTest limits the memory of a process of its own.
    *) timeout 600 "build/dev/bin/$1" --gtest_fail_fast --gtest_filter=-JobRunnerTest* ;;
  esac
}

# What the program says, a line; empty when everything held.
complaint() {
  cmake --build build/dev --target "$1" > build.log 2>&1 || { tail -n 20 build.log >&2; exit 1; }
  local status=0
  (run "$1"; exit $?) > run.log 2>&1 || status=$?
  [ "$status" -ne 0 ] || return 0
  grep -ahE '^seed|^invariant broken|^\[  FAILED  \] .*\)$' run.log ||
    echo "ended with status $status: $(tail -n 1 run.log)"
}

for program in "${programs[@]}"; do
  found=$(complaint "$program")
  [ -z "$found" ] || { echo "unbroken code already fails: $found" >&2; exit 1; }
done
missed=0
for patch in "${patches[@]}"; do
  git apply "$patch"
  found=$(complaint "$(program_of "$patch")" | head -n 1)
  git apply --reverse "$patch"
  [ -n "$found" ] || missed=$((missed + 1))
  printf '%-55s %s\n' "$(basename "$patch" .patch)" "${found:-NOT FOUND}"
done
echo "$((${#patches[@]} - missed)) of ${#patches[@]} mistakes found"
[ "$missed" -eq 0 ]
