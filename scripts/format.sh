#!/usr/bin/env bash
# Formats all C and C++ files of the repository, or with --check only says which are not formatted. Versions
# of clang-format differ in details, so one is the measure; others format but do not check.
set -euo pipefail
cd "$(dirname "$0")/.."

measure=14
tool=$(command -v clang-format-$measure || command -v clang-format || true)
if [ -z "$tool" ]; then
  echo "format: clang-format is not installed (make setup)" >&2
  exit 1
fi
version=$("$tool" --version | grep -o '[0-9]\+' | head -n 1)

files() {
  git ls-files -z --cached --others --exclude-standard -- '*.hpp' '*.cpp' '*.h' '*.c'
}

case "${1:-}" in
  "") files | xargs -0 -r "$tool" -i ;;
  --check)
    if [ "$version" != "$measure" ]; then
      echo "format: not checked, it needs clang-format $measure and this is $version"
      exit 0
    fi
    files | xargs -0 -r "$tool" --dry-run --Werror
    ;;
  *) echo "usage: scripts/format.sh [--check]" >&2; exit 2 ;;
esac
