#!/usr/bin/env bash
# Runs every fuzzer of a build tree for some seconds: scripts/fuzz.sh BUILD_TREE SECONDS. Starts from the
# seeds in fuzz/corpus/<name>/, keeps what it learns in <build>/fuzz-corpus/<name>/, and leaves an input that
# fails in <build>/fuzz-failures/.
set -euo pipefail
cd "$(dirname "$0")/.."

tree=${1:?usage: scripts/fuzz.sh BUILD_TREE SECONDS}
seconds=${2:?usage: scripts/fuzz.sh BUILD_TREE SECONDS}
failed=0
passed=0
mkdir -p "$tree/fuzz-failures"
for fuzzer in "$tree"/bin/fuzz/*; do
  [ -x "$fuzzer" ] || continue
  name=$(basename "$fuzzer")
  learned="$tree/fuzz-corpus/$name"
  mkdir -p "$learned"
  arguments=(-max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -print_final_stats=1
             -artifact_prefix="$tree/fuzz-failures/$name-" "$learned")
  [ ! -d "fuzz/corpus/$name" ] || arguments+=("fuzz/corpus/$name")
  [ ! -f "fuzz/$name.dict" ] || arguments=(-dict="fuzz/$name.dict" "${arguments[@]}")
  log="$tree/fuzz-failures/$name.log"
  if "$fuzzer" "${arguments[@]}" >"$log" 2>&1; then
    passed=$((passed + 1))
    units=$(sed -n 's/.*number_of_executed_units: *//p' "$log")
    echo "fuzz: $name: ${units:-no} inputs, no failure"
  else
    failed=$((failed + 1))
    echo "fuzz: $name FAILED"
    tail -n 40 "$log"
  fi
done
echo "fuzz: $passed fuzzers passed, $failed failed"
[ "$failed" -eq 0 ]
