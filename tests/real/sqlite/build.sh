#!/usr/bin/env bash
# Builds driver.c with the SQLite amalgamation that ../fetch.sh installed.
# usage: build.sh OUTDIR wasm|native      makes OUTDIR/sqlite.wasm or OUTDIR/sqlite.native
set -euo pipefail

[[ $# -eq 2 && ($2 == wasm || $2 == native) ]] || { echo "usage: build.sh OUTDIR wasm|native" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
npm=${MERLON_NPM:-$(cd "$here/../../.." && pwd)/build/npm}
amalgamation=$npm/node_modules/better-sqlite3/deps/sqlite3
[[ -f $amalgamation/sqlite3.c ]] || { echo "build.sh: no SQLite in $npm: run tests/real/fetch.sh" >&2; exit 1; }
mkdir -p "$1"

clang=${MERLON_WASM_CLANG:-clang-22}
# One thread, no shared libraries, no statistics, no temporary files: the same SQLite on both sides.
options=(-DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DEFAULT_MEMSTATUS=0
  -DSQLITE_TEMP_STORE=2)
target=()
libraries=()
if [[ $2 == wasm ]]; then
  target=(--target=wasm32-wasi -Wno-deprecated -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_MMAN)
  libraries=(-lwasi-emulated-getpid -lwasi-emulated-mman -Wl,--strip-debug -Wl,-z,stack-size=1048576)
else
  libraries=(-lm)
fi

output=$1/sqlite.$2
object=$1/sqlite3.$2.o
# The amalgamation takes 20 s: its object is kept apart from the driver's.
if [[ ! $object -nt $amalgamation/sqlite3.c || ! $object -nt ${BASH_SOURCE[0]} ]]; then
  echo "building SQLite ($2)"
  "$clang" "${target[@]}" -O2 -w "${options[@]}" -c "$amalgamation/sqlite3.c" -o "$object.part"
  mv "$object.part" "$object"
fi
if [[ ! $output -nt $object || ! $output -nt $here/driver.c ]]; then
  "$clang" "${target[@]}" -O2 -std=c17 -Wall -Wextra -Werror -I"$amalgamation" "$here/driver.c" \
    "$object" "${libraries[@]}" -o "$output.part"
  mv "$output.part" "$output"
fi
