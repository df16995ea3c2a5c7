#!/usr/bin/env bash
# Whether the simulation of the queue (tests/coordinator/simulation) finds mistakes: breaks the code as each patch of
# tests/coordinator/simulation/mutants says, in a copy, and runs it. Exit 0: every mistake was found.
#   scripts/mutants.sh [PATCH...]     default: all; half a minute each, or so
#   scripts/mutants.sh --check        only whether all patches still apply
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --check ]; then
  for patch in tests/coordinator/simulation/mutants/*.patch; do git apply --check "$patch"; done
  exit
fi

root=$PWD
if [ $# -gt 0 ]; then patches=("$@"); else patches=("$root"/tests/coordinator/simulation/mutants/*.patch); fi
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$copy"
cd "$copy"
export CCACHE_BASEDIR=$copy CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
cmake --preset queue > cmake.log

# What the simulation says, a line; empty when everything held.
complaint() {
  cmake --build build/queue --target simulation_tests > build.log 2>&1 || { tail -n 20 build.log >&2; exit 1; }
  # More schedules than in the usual run: some mistakes need a rare one.
  WCAM_SIMULATION_SCHEDULES=40000 bash -c 'timeout 600 build/queue/bin/simulation_tests; exit $?' > run.log 2>&1 && return
  grep -ahE '^seed|^invariant broken' run.log || echo "ended with status $?: $(tail -n 1 run.log)"
}

found=$(complaint)
[ -z "$found" ] || { echo "unbroken code already fails: $found" >&2; exit 1; }
missed=0
for patch in "${patches[@]}"; do
  git apply "$patch"
  found=$(complaint | head -n 1)
  git apply --reverse "$patch"
  [ -n "$found" ] || missed=$((missed + 1))
  printf '%-55s %s\n' "$(basename "$patch" .patch)" "${found:-NOT FOUND}"
done
echo "$((${#patches[@]} - missed)) of ${#patches[@]} mistakes found"
[ "$missed" -eq 0 ]
