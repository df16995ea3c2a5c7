#!/usr/bin/env bash
# Fuzzes what others send or leave on disk (tests/fuzz), each target for some seconds, from the corpus that is committed.
#   scripts/fuzz.sh [SECONDS]    default 20; findings and what is learnt stay in build/fuzz/findings and build/fuzz/corpus
set -euo pipefail
cd "$(dirname "$0")/.."
export seconds=${1:-20}

fuzz() {
  local target=${1##*/fuzz_} findings=build/fuzz/findings
  local learnt=build/fuzz/corpus/$target log=$findings/$target.log
  mkdir -p "$learnt" "$findings"
  # An image of 100 megapixels takes 300 MB twice.
  "$1" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2560 -max_len=40000 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$findings/$target-" "$learnt" "tests/fuzz/corpus/$target" 2>"$log" ||
    { tail -n 60 "$log"; echo "$target: a finding; replay it: $1 $findings/$target-..."; return 1; }
  sed -nE "s/^stat::(number_of_executed_units|average_exec_per_sec)/$target: \1/p" "$log"
}
export -f fuzz

scripts/install_packages.sh scripts/packages.txt scripts/packages-test.txt
scripts/build.sh fuzz
printf '%s\n' build/fuzz/bin/fuzz_* | xargs -P "$(nproc)" -I{} bash -euo pipefail -c 'fuzz {}'
