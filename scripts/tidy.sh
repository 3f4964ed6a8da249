#!/usr/bin/env bash
# Runs clang-tidy over the sources of a configured build tree: scripts/tidy.sh build/dev [FILE...]
set -euo pipefail
cd "$(dirname "$0")/.."

tree=${1:?usage: scripts/tidy.sh BUILD_TREE [FILE...]}
shift
if [ ! -f "$tree/compile_commands.json" ]; then
  echo "tidy: $tree has no compile_commands.json; configure it first" >&2
  exit 1
fi
if [ $# -eq 0 ]; then
  mapfile -t sources < <(git ls-files --cached --others --exclude-standard -- {src,tools,examples}/'*.cpp')
  # Kernels of one ISA level are written in intrinsics, about which the checks have nothing to say.
  set --
  for source in "${sources[@]}"; do
    grep -F "/$source\"" "$tree/compile_commands.json" | grep -q TENON_KERNEL_ISA= && continue
    grep -qF "/$source\"" "$tree/compile_commands.json" && set -- "$@" "$source"
  done
fi
noise='warnings generated|Suppressed|Use -header-filter'
printf '%s\0' "$@" | xargs -0 -n 1 -P "$(nproc)" clang-tidy -p "$tree" --quiet 2> >(grep -vE "$noise" >&2)
