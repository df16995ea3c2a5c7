#!/usr/bin/env bash
# Formatting of every C++ file of ours, lengths of lines in Markdown and comments, and with --tidy what clang-tidy finds.
#   scripts/check_style.sh [--tidy [COMMIT]]     --tidy: needs build/dev; minutes; COMMIT: only files changed since then
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files '*.cc' '*.h')
clang-format --dry-run --Werror "${sources[@]}"
git ls-files -z '*.md' '*.proto' '*.cc' '*.h' | xargs -0 scripts/check_lines.py
[ "${1:-}" = --tidy ] || exit 0

tidy() { # the files of standard input, with the commands of the build $1
  xargs -r -P "$(nproc)" -n 2 clang-tidy --quiet -p "$1" --extra-arg=-Wno-unknown-warning-option 2>/dev/null
}
folders=(analysis cluster common coordinator plotting)
# Without the worker's files that include LibTorch: clang-tidy 14 cannot parse its headers.
worker() {
  git ls-files worker/{corruption,images,protocol}/'*.cc' worker/commands/corrupt_command.cc \
    worker/jobs/{compute_options,local_paths}.cc \
    worker/models/{built_in_pictures,check_models,imagenet,labelled_photographs}.cc
}
if [ -n "${2:-}" ]; then
  { git ls-files "${folders[@]/%//*.cc}"; worker; } | { grep -Fxf <(git diff --name-only "$2") || true; } | tidy build/dev
else
  # Several files as one (cmake/unity.cmake): most of the time is in what they include.
  cmake --preset dev -B build/tidy -D CMAKE_UNITY_BUILD=ON >/dev/null
  cmake --build build/tidy --target messages >/dev/null
  sed -i 's|^#include .*|& // NOLINT(bugprone-suspicious-include)|' build/tidy/*/CMakeFiles/*/Unity/*.cxx
  sed -nE 's/^ *"file": "(.*)".*/\1/p' build/tidy/compile_commands.json |
    grep -E "^$PWD/(build/tidy/)?($(IFS='|' && echo "${folders[*]}"))/" | tidy build/tidy
  worker | tidy build/dev
fi
