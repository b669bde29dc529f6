#!/usr/bin/env bash
# Builds every program of programs/ to OUTDIR/<name>.wasm; an output newer than its sources is left
# alone.
# usage: tests/bench/membrane/build.sh OUTDIR
set -euo pipefail

[[ $# -eq 1 ]] || { echo "usage: tests/bench/membrane/build.sh OUTDIR" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"

clang=${MERLON_WASM_CLANG:-clang-22}
flags=(--target=wasm32-wasi -std=c17 -O2 -Wall -Wextra -Werror -Wno-deprecated -Wl,--strip-debug)
for source in "$here"/programs/*.c; do
  output=$1/$(basename "$source" .c).wasm
  if [[ $output -nt $source && $output -nt $here/programs/membrane.h &&
        $output -nt ${BASH_SOURCE[0]} ]]; then
    continue
  fi
  echo "building ${output##*/}"
  "$clang" "${flags[@]}" "$source" -o "$output.part"
  mv "$output.part" "$output"
done
