#!/usr/bin/env bash
# Installs the distribution's packages that building and testing need (Debian 12, Ubuntu 24.04), and PyPI's for the
# Python module into build/venv. Asks apt and PyPI only for what is missing; uses sudo only when not root.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  g++ clang lld ninja-build cmake ccache
  clang-format clang-tidy
  g++-aarch64-linux-gnu qemu-user
  libprotozero-dev libfmt-dev libcli11-dev nlohmann-json3-dev libstb-dev libxxhash-dev
  libre2-dev libjpeg-dev libopenjp2-7-dev libtiff-dev libwebp-dev
  libgtest-dev googletest libbenchmark-dev
  python3 python3-dev python3-venv python3-numpy
)

# Nice to have, and not there in every distribution: a test opens the page of --report in a browser.
optional=(chromium)

installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if ! command -v dpkg-query >/dev/null; then
  echo "setup: this is not a Debian or Ubuntu system; install the equivalents of: ${packages[*]}" >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  installed "$package" || missing+=("$package")
done

# The sanitizers' runtime library carries the compiler's version in its name.
find_runtime() {
  local depends
  depends=$(dpkg-query --show --showformat='${Depends}' clang 2>/dev/null) || depends=$(apt-cache depends clang) || true
  if [[ $depends =~ clang-([0-9]+) ]]; then
    echo "libclang-rt-${BASH_REMATCH[1]}-dev"
  else
    echo libclang-rt-dev
  fi
}

# Without PyPI the Python module is left out, and so are its tests.
make_venv() {
  local requirements=scripts/python-requirements.txt
  cmp --silent "$requirements" build/venv/requirements.txt && return
  echo "setup: installing PyPI packages into build/venv"
  python3 -m venv --clear build/venv
  if build/venv/bin/pip --quiet --disable-pip-version-check install --requirement "$requirements"; then
    cp "$requirements" build/venv/requirements.txt
  else
    rm -rf build/venv
    echo "setup: PyPI did not give them: the Python module is left out" >&2
  fi
}

runtime=$(find_runtime)
if [ ${#missing[@]} -eq 0 ] && installed "$runtime"; then
  make_venv
  exit 0
fi

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
runtime=$(find_runtime)
installed "$runtime" || missing+=("$runtime")
for package in "${optional[@]}"; do
  installed "$package" || ! apt-cache show "$package" &>/dev/null || missing+=("$package")
done
echo "setup: installing ${missing[*]}"
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
make_venv
