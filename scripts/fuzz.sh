#!/usr/bin/env bash
# Fuzzes what others send or leave on disk (tests/fuzz), each target for some seconds, from the corpus that is committed.
#   scripts/fuzz.sh [SECONDS]    default 20; findings and what is learnt stay in build/fuzz/findings and build/fuzz/corpus
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-20}

scripts/install_packages.sh scripts/packages.txt scripts/packages-test.txt
scripts/build.sh fuzz
for program in build/fuzz/bin/fuzz_*; do
  target=${program##*/fuzz_}
  learnt=build/fuzz/corpus/$target findings=build/fuzz/findings
  mkdir -p "$learnt" "$findings"
  echo "$target: $seconds s"
  # An image of 100 megapixels takes 300 MB twice.
  "$program" -max_total_time="$seconds" -timeout=60 -rss_limit_mb=2560 -max_len=40000 -verbosity=0 -print_final_stats=1 \
    -artifact_prefix="$findings/$target-" "$learnt" "tests/fuzz/corpus/$target" 2>"$findings/$target.log" ||
    { tail -n 60 "$findings/$target.log"; echo "$target: a finding; replay it: $program $findings/$target-..."; exit 1; }
  grep -E "^stat::(number_of_executed_units|average_exec_per_sec)" "$findings/$target.log" || true
done
