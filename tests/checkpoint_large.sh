#!/bin/sh
# checkpoint_large.sh PRUNE_CHECKPOINT [GIGABYTES]: prunes a file of so many GB (12) globally to 50 % under a hard limit of
# 320 MB of address space, with --max-memory 256M, and compares a pass over it with cp. Needs twice the room in TMPDIR.
set -eu
program=$1
gigabytes=${2:-12}
work=$(mktemp -d "${TMPDIR:-/tmp}/checkpoint_large.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

now() { date +%s.%N; }
since() { echo "$(now) $1" | awk '{ printf "%.1f", $1 - $2 }'; }

# ---- The file: tensors of 64 MiB, alternately of float32 and bfloat16, all of the same random bytes

tile=67108864
count=$((gigabytes * 1000000000 / tile))
head -c $tile /dev/urandom > "$work/tile"
awk -v count="$count" -v tile=$tile 'BEGIN {
  printf "{\"__metadata__\":{\"format\":\"pt\"}"
  for (i = 0; i < count; i++) {
    wide = i < count / 2
    printf ",\"layers.%04d.weight\":{\"dtype\":\"%s\",\"shape\":[%d,4096],\"data_offsets\":[%.0f,%.0f]}", i,
      wide ? "F32" : "BF16", tile / 4096 / (wide ? 4 : 2), i * tile, (i + 1) * tile
  }
  printf "}"
}' > "$work/header"
length=$(wc -c < "$work/header")
while [ $((length % 8)) -ne 0 ]; do
  printf ' ' >> "$work/header"
  length=$((length + 1))
done
{
  # eight bytes, the lowest first
  printf "\\$(printf %o $((length % 256)))\\$(printf %o $((length / 256 % 256)))\\$(printf %o $((length / 65536)))\0\0\0\0\0"
  cat "$work/header"
  i=0
  while [ $i -lt "$count" ]; do
    cat "$work/tile"
    i=$((i + 1))
  done
} > "$work/in.safetensors"
rm "$work/tile"
sync
bytes=$(wc -c < "$work/in.safetensors")
echo "$bytes bytes, $count tensors"

# ---- cp, and the work

start=$(now)
cp "$work/in.safetensors" "$work/out.safetensors"
sync "$work/out.safetensors"
copying=$(since "$start")
rm "$work/out.safetensors"

start=$(now)
(
  ulimit -v 320000
  "$program" "$work/in.safetensors" "$work/out.safetensors" --method l1 --amount 50% --global --report json
) > "$work/report"
pruning=$(since "$start")
tail -n 1 "$work/report"
sed -n 's/.*"passes": \([0-9]*\), "peak_memory": \([0-9]*\).*/\1 \2/p' "$work/report" > "$work/numbers"
read -r passes peak < "$work/numbers"
echo "cp and sync: $copying s; pruning: $pruning s, $passes passes, $peak bytes at most"

# ---- Half of the entries are zero in what was written

"$program" "$work/out.safetensors" --dry-run --method l1 --amount 0 --global --report json > "$work/check"
tail -n 1 "$work/check" | sed 's/[^0-9 ]//g' | awk -v copying="$copying" -v pruning="$pruning" -v passes="$passes" '{
  share = $4 / $3
  ratio = copying / (pruning / passes)
  printf "zeros: %.6f of all entries; a pass has %.2f of the speed of cp\n", share, ratio
  exit share < 0.4999 || share > 0.5001 || ratio < 0.5
}'
