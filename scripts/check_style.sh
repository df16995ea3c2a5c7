#!/usr/bin/env bash
# Formatting of every C++ file of ours, and clang-tidy on those that changed most to gain from it.
#   scripts/check_style.sh [--tidy]     --tidy: also clang-tidy on every translation unit (needs build/dev; minutes)
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files '*.cc' '*.h')
clang-format --dry-run --Werror "${sources[@]}"
if [ "${1:-}" = --tidy ]; then
  mapfile -t units < <(git ls-files '*.cc' | grep -v '^benchmarks/')
  printf '%s\n' "${units[@]}" | xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/dev
fi
