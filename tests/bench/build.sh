#!/usr/bin/env bash
# Builds every workload twice, OUTDIR/<name>.wasm and OUTDIR/<name>.native, from one source at -O2.
# An output newer than its sources is left alone. SQLite needs tests/real/fetch.sh to have run.
# usage: tests/bench/build.sh OUTDIR
set -euo pipefail

[[ $# -eq 1 ]] || { echo "usage: tests/bench/build.sh OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)

clang=${MERLON_WASM_CLANG:-clang-22}
clangxx=${MERLON_WASM_CLANGXX:-clang++-22}
if ! command -v "$clang" >/dev/null; then
  echo "build.sh: $clang is missing: apt-get install clang-22" >&2
  exit 1
fi
warnings=(-Wall -Wextra -Werror)
wasm=(--target=wasm32-wasi -Wno-deprecated -Wl,--strip-debug -Wl,-z,stack-size=1048576)

fresh() {
  local output=$1 input
  shift
  for input in "$@" "$here/workloads/bench.h" "${BASH_SOURCE[0]}"; do
    [[ $output -nt $input ]] || return 1
  done
}

compile() {
  local output=$1 source=$2
  shift 2
  if fresh "$output" "$source"; then return; fi
  echo "building ${output##*/}"
  "$@" "${warnings[@]}" -O2 "$source" -o "$output.part" -lm
  mv "$output.part" "$output"
}

for source in "$here"/workloads/*.c; do
  name=$(basename "$source" .c)
  features=()
  [[ $name != simd ]] || features=(-msimd128)
  compile "$out/$name.wasm" "$source" "$clang" -std=c17 "${wasm[@]}" "${features[@]}"
  compile "$out/$name.native" "$source" "$clang" -std=c17
done
for source in "$here"/workloads/*.cc; do
  name=$(basename "$source" .cc)
  compile "$out/$name.wasm" "$source" "$clangxx" -std=c++20 -fno-exceptions "${wasm[@]}"
  compile "$out/$name.native" "$source" "$clangxx" -std=c++20 -fno-exceptions
done

# Static and small: its own size is the floor of the memory figures.
compile "$out/measure" "$here/measure.c" "$clang" -std=gnu17 -static

# The same greeting as examples/hello, for the start-up table; static, as a keep is.
compile "$out/hello.native" "$here/startup/hello.c" "$clang" -std=c17 -static
npm=${MERLON_NPM:-$here/../../build/npm}
if [[ -f $npm/node_modules/better-sqlite3/deps/sqlite3/sqlite3.c ]]; then
  "$here/../real/sqlite/build.sh" "$out" wasm
  "$here/../real/sqlite/build.sh" "$out" native
else
  echo "build.sh: no SQLite: run tests/real/fetch.sh" >&2
fi
