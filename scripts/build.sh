#!/usr/bin/env bash
# Configures and builds one CMake preset.
#   scripts/build.sh PRESET
set -euo pipefail
cd "$(dirname "$0")/.."
export CCACHE_BASEDIR="$PWD"

# A file that includes LibTorch takes up to 1 GB to compile: as many jobs as memory allows, not just cores.
gigabytes=$(awk '/MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
jobs=$(nproc)
[ "$jobs" -le $((gigabytes / 2 + 1)) ] || jobs=$((gigabytes / 2 + 1))

log=$(mktemp)
trap 'rm -f "$log"' EXIT
cmake --preset "$1" >"$log" || { cat "$log"; exit 1; }
cmake --build --preset "$1" --parallel "$jobs"
