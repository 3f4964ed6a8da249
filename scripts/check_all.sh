#!/usr/bin/env bash
# Everything that CI has no time for: slow tests, all sanitizers, long fuzzing, another architecture. Takes
# hours.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/corpus.sh

jobs=$(nproc)
seconds=${TENON_FUZZ_SECONDS:-600}

step() {
  echo
  echo "== $*"
}

build_and_test() {
  local preset=$1
  shift
  step "$preset"
  cmake --preset "$preset" >/dev/null
  cmake --build --preset "$preset" -j "$jobs"
  ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure "$@"
}

step "format"
scripts/format.sh --check
build_and_test release
build_and_test dev -L fast
build_and_test asan
build_and_test tsan -L fast
build_and_test aarch64 -L fast

step "the official backend tests of the installed onnx package"
python=${TENON_PYTHON:-python3}
if "$python" -c 'import onnx' 2>/dev/null; then
  suite=$(mktemp -d)
  trap 'rm -rf "$suite"' EXIT
  "$python" scripts/export_backend_suite.py "$suite"
  TENON_ONNX_BACKEND=$suite build/release/bin/tests/tenon_onnx_backend_tests --gtest_brief=1
  TENON_ONNX_BACKEND=$suite build/release/bin/tests/tenon_onnx_light_tests
else
  echo "no onnx package for $python (TENON_PYTHON names another one): skipped"
fi

step "fuzzers, $seconds s each"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz -j "$jobs"
scripts/fuzz.sh build/fuzz "$seconds"

if python3 -c 'import onnx, onnxruntime' 2>/dev/null; then
  step "against ONNX Runtime"
  fuzz/differential/run.py --runner build/release/bin/tests/differential_runner --seeds 0..10000 --jobs "$jobs"
else
  step "against ONNX Runtime: skipped, it needs the Python packages onnx and onnxruntime"
fi

step "clang-tidy"
scripts/tidy.sh build/dev
