#!/usr/bin/env bash
# One sharer and one receiver, by the commands alone: over loopback, and over links that --link makes.
# usage: tools/bench/transfer.sh [RUNS]      writes tools/bench/results/transfer.md
set -euo pipefail
cd "$(dirname "$0")/../.."
runs=${1:-3}
swift build -c release --product shoal >&2
shoal=$(swift build -c release --show-bin-path)/shoal
work=$(mktemp -d)
mkdir -p tools/bench/results
memory=$(mktemp -d -p /dev/shm)
trap 'kill "${share:-}" 2>/dev/null || true; rm -rf "$work" "$memory"' EXIT

# The goodputs of some runs in MB/s, in ascending order: file size, where to, options of the receiver, of the sharer.
transfer() {
  head -c "$1" /dev/urandom >"$memory/file"
  for _ in $(seq "$runs"); do
    # shellcheck disable=SC2086
    "$shoal" share "$memory/file" --listen 127.0.0.1:0 $4 --json >"$work/share" 2>/dev/null &
    share=$!
    for _ in $(seq 200); do grep -q ticket "$work/share" 2>/dev/null && break; sleep 0.05; done
    ticket=$(sed -n 's/.*"ticket":"\([^"]*\)".*/\1/p' "$work/share" | head -n 1)
    rm -f "$2/out"
    # shellcheck disable=SC2086
    "$shoal" get "$ticket" --output "$2/out" $3 --json 2>/dev/null | tail -n 1 >"$work/done"
    kill -INT "$share" 2>/dev/null || true
    wait "$share" 2>/dev/null || true
    cmp "$memory/file" "$2/out"
    sed -n 's/.*"goodput":\([0-9.]*\).*/\1/p' "$work/done" | awk '{printf "%.2f\n", $1 / 1e6}'
  done | sort -n | xargs
}

row() { echo "| $1 | $(transfer "$2" "$3" "$4" "${5:-}") |"; }

{
  echo "| case | MB/s, each of $runs runs |"
  echo "|---|---|"
  row "loopback, 500 MB, to disk" 500000000 "$work" ""
  row "loopback, 500 MB, to memory" 500000000 "$memory" ""
  row "100 Mbit/s, 40 ms, 30 MB, no loss" 30000000 "$memory" "--link rate=100mbit,delay=20ms"
  row "the same, 1 % loss" 30000000 "$memory" "--link rate=100mbit,delay=20ms,loss=1%"
  row "the same, 5 % loss" 30000000 "$memory" "--link rate=100mbit,delay=20ms,loss=5%"
  row "the same, 10 % loss" 30000000 "$memory" "--link rate=100mbit,delay=20ms,loss=10%"
  row "the same, 5 % corrupted" 30000000 "$memory" "--link rate=100mbit,delay=20ms,corrupt=5%"
  row "1 % loss, go-back-N" 30000000 "$memory" "--link rate=100mbit,delay=20ms,loss=1% --arq gbn"
  echo
  echo "$(date -u +%F), $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), \`tools/bench/transfer.sh $runs\`"
} | tee tools/bench/results/transfer.md
