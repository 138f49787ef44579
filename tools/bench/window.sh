#!/usr/bin/env bash
# Window against goodput, for both repeat modes, without congestion control: one sharer, one receiver behind a link.
# usage: tools/bench/window.sh [LINK] [MEGABYTES]     writes tools/bench/results/window.md
set -euo pipefail
cd "$(dirname "$0")/../.."
link=${1:-rate=100mbit,delay=20ms,loss=1%}
megabytes=${2:-10}
swift build -c release --product shoal >&2
shoal=$(swift build -c release --show-bin-path)/shoal
work=$(mktemp -d)
mkdir -p tools/bench/results
trap 'kill "${share:-}" 2>/dev/null || true; rm -rf "$work"' EXIT
head -c "${megabytes}000000" /dev/urandom >"$work/file"

# One transfer: goodput in MB/s, and datagrams received for each that was needed.
transfer() {
  "$shoal" share "$work/file" --listen 127.0.0.1:0 --congestion none --window "$2" --arq "$1" --json >"$work/share" 2>/dev/null &
  share=$!
  for _ in $(seq 100); do grep -q ticket "$work/share" 2>/dev/null && break; sleep 0.05; done
  ticket=$(sed -n 's/.*"ticket":"\([^"]*\)".*/\1/p' "$work/share" | head -n 1)
  rm -f "$work/out"
  timeout 300 "$shoal" get "$ticket" --output "$work/out" --congestion none --window "$2" --arq "$1" --link "$link" --json \
    2>/dev/null | tail -n 1 >"$work/done" || true
  kill -INT "$share" 2>/dev/null || true
  wait "$share" 2>/dev/null || true
  if grep -q '"event":"done"' "$work/done" && cmp -s "$work/file" "$work/out"; then
    sed -n 's/.*"goodput":\([0-9.]*\).*/\1/p' "$work/done" | awk '{printf "%.2f", $1 / 1e6}'
  else
    printf 'over 300 s'
  fi
}

{
  echo "$link, $megabytes MB, --congestion none, goodput in MB/s, start-up included"
  echo
  echo "| window (packets) | selective repeat | go-back-N |"
  echo "|---|---|---|"
  for window in 16 64 128 256 512 1024; do
    echo "| $window | $(transfer sr "$window") | $(transfer gbn "$window") |"
  done
  echo
  echo "$(date -u +%F), $(nproc) cores, $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), \`tools/bench/window.sh $link $megabytes\`"
} | tee tools/bench/results/window.md
