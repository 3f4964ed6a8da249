# Sourced by scripts that run tests: sets TENON_CORPUS where the machine has a collection of real networks, a script
# that unpacks it and prints the folder.
collection=../shared/models/unpack.sh
if [ -z "${TENON_CORPUS:-}" ] && [ -x "$collection" ]; then
  TENON_CORPUS=$("$collection" build/corpus | tail -n 1)
  export TENON_CORPUS
fi
