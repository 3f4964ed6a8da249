#!/usr/bin/env bash
# Shows the main job on the network that comes with the repository: from an ONNX file to an engine, its accuracy and its speed.
# `make demo` calls it after building.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=${TENON_BUILD:-build/release}/bin
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
