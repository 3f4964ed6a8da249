#!/usr/bin/env bash
# Shows the main job on the network that comes with the repository: from an ONNX file to an engine, its accuracy and its speed.
# `make demo` calls it after building.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${TENON_BUILD:-build/release}/bin
page=${TENON_BUILD:-build/release}/digits_int8.html
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

say() { printf '\n== %s\n' "$*"; }
show() {
  printf '$ tenon %s\n' "$*" | sed "s|$out|.|g"
  "$bin/tenon" "$@" | sed "s|$out|.|g"
}

say "The digit classifier: accuracy over 200 handwritten digits, and a few of them"
"$bin/examples/digits" models/digits

say "The same from the shell: build an engine, run a picture through it, measure it"
show build models/digits/digits.onnx -o "$out/digits.engine"
show run "$out/digits.engine" --input models/digits/images/0000_7.png --scale 1/255 --output-dir "$out"
show bench "$out/digits.engine" --duration 1 --profile

say "Every node against the reference backend"
show verify models/digits/digits.onnx

say "The same network on 8-bit integers: calibrated with 50 of the pictures, judged by the 150 others"
digits=$PWD/models/digits
awk -v digits="$digits" -v head="$out/calibrate.txt" -v tail="$out/evaluate.txt" \
  '{ print digits "/" $0 > (NR <= 50 ? head : tail) }' "$digits/labels.txt"
show build models/digits/digits.onnx --int8 --calib "$out/calibrate.txt" --scale 1/255 -o "$out/int8.engine" --report "$page"

field() { python3 -c 'import functools, json, sys; print(functools.reduce(lambda at, key: at[key], sys.argv[1:], json.load(sys.stdin)))' "$@"; }
row() { # NAME ENGINE
  local evaluation times
  evaluation=$("$bin/tenon" evaluate "$2" --eval "$out/evaluate.txt" --scale 1/255 --json)
  times=$("$bin/tenon" bench "$2" --duration 1 --json)
  printf '%-6s %12s %9.1f us %8d KiB\n' "$1" "$(field right <<<"$evaluation") of $(field labelled <<<"$evaluation")" \
    "$(awk -v ms="$(field latency_ms median <<<"$times")" 'BEGIN { print ms * 1000 }')" $(($(stat -c %s "$2") / 1024))
}
say "FP32 against INT8: right answers, median latency, size of the plan"
row FP32 "$out/digits.engine"
row INT8 "$out/int8.engine"
echo "What integers do to each layer and tensor: open $page in a browser"
