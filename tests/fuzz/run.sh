#!/usr/bin/env bash
# tests/fuzz/run.sh SECONDS PROGRAM: runs a target of libFuzzer from its seeds for so long, and tells how often it ran.
# What it finds lies in the folder of the program.
set -euo pipefail
seconds=$1
program=$(realpath "$2")
subject=${program##*/fuzz_}
seeds=$(cd "$(dirname "$0")" && pwd)/corpus/$subject
corpus=$(dirname "$program")/found_$subject
mkdir -p "$corpus"
cd "$(dirname "$program")"
log=$program.log
"$program" -max_total_time="$seconds" -max_len=4096 -rss_limit_mb=4096 -print_final_stats=1 "$corpus" "$seeds" \
  > "$log" 2>&1 || { tail -n 60 "$log"; exit 255; }
echo "$subject: $(awk '/stat::number_of_executed_units/ { print $2 }' "$log") runs without a fault"
