#!/usr/bin/env bash
# Formatting of every C++ file of ours, lengths of lines in Markdown and comments, and with --tidy what clang-tidy finds.
#   scripts/check_style.sh [--tidy [COMMIT]]     --tidy: needs build/dev; minutes; COMMIT: only files changed since then
set -euo pipefail
cd "$(dirname "$0")/.."

mapfile -t sources < <(git ls-files '*.cc' '*.h')
clang-format --dry-run --Werror "${sources[@]}"
git ls-files -z '*.md' '*.proto' '*.cc' '*.h' | xargs -0 scripts/check_lines.py
if [ "${1:-}" = --tidy ]; then
  # Without the files that include LibTorch: clang-tidy 14 cannot parse its headers.
  mapfile -t units < <(git ls-files {analysis,cluster,common,coordinator,plotting}/'*.cc' worker/{corruption,images,protocol}/'*.cc' \
    worker/commands/corrupt_command.cc worker/jobs/{compute_options,local_paths}.cc \
    worker/models/{built_in_pictures,check_models,imagenet,labelled_photographs}.cc)
  if [ -n "${2:-}" ]; then
    mapfile -t units < <(printf '%s\n' "${units[@]}" | grep -Fxf <(git diff --name-only "$2"))
  fi
  printf '%s\n' "${units[@]}" |
    xargs -P "$(nproc)" -n 4 clang-tidy --quiet -p build/dev --extra-arg=-Wno-unknown-warning-option 2>/dev/null
fi
