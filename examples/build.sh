#!/usr/bin/env bash
# Builds the examples, or only those named, to OUTDIR/<name>.wasm; an output newer than its source
# is left alone.
# usage: examples/build.sh OUTDIR [NAME…]       C needs clang-22 lld-22 wasi-libc
# libclang-rt-22-dev-wasm32, C++ also libc++-22-dev-wasm32 libc++abi-22-dev-wasm32, Rust needs rustc
# libstd-rust-dev-wasm32 and on Debian 12 lld-14
set -euo pipefail

[[ $# -ge 1 ]] || { echo "usage: examples/build.sh OUTDIR [NAME…]" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
wanted=("$@")
for name in "${wanted[@]}"; do
  [[ -d $here/$name ]] || { echo "examples/build.sh: there is no example $name" >&2; exit 2; }
done

clang=${MERLON_WASM_CLANG:-clang-22}
clangxx=${MERLON_WASM_CLANGXX:-clang++-22}
# Debian's own rustc: another one that comes first in PATH has no standard library for wasm32-wasi.
rustc=${MERLON_WASM_RUSTC:-/usr/bin/rustc}
# Debian 12's rustc has libraries that only a linker of its age takes, later ones come without a linker.
rust_linker=(-C linker=rust-lld)
command -v rust-lld >/dev/null || rust_linker=(-C linker-flavor=wasm-ld -C linker=wasm-ld-22)
# rustc has given the target another name.
rust_target=wasm32-wasi
[[ $("$rustc" --print target-list 2>/dev/null) != *wasm32-wasip1* ]] || rust_target=wasm32-wasip1
# clang would run binaryen where that is installed, which throws the name section away.
common=(--target=wasm32-wasi --no-wasm-opt -Wno-deprecated -O2 -Wall -Wextra -Werror)

# Writes to a temporary name first, so that an interrupted build leaves no half output behind.
build() {
  local name=$1 source=$2
  shift 2
  [[ ${#wanted[@]} -eq 0 || " ${wanted[*]} " == *" $name "* ]] || return 0
  local wasm=$out/$name.wasm
  if [[ $wasm -nt $source && $wasm -nt ${BASH_SOURCE[0]} && $wasm -nt $here/../guest/merlon/guest/statement.h ]]; then
    return
  fi
  if ! command -v "$1" >/dev/null; then
    echo "examples/build.sh: $1 is missing, cannot build $name" >&2
    exit 1
  fi
  echo "building $name.wasm"
  "$@" "$source" -o "$wasm.part"
  mv "$wasm.part" "$wasm"
}

build hello "$here/hello/hello.c" "$clang" "${common[@]}" -Oz -std=c17 -nostartfiles \
  -nodefaultlibs -flto -lc -Wl,--strip-all -Wl,-z,stack-size=4096
build echo-tcp "$here/echo-tcp/echo_tcp.c" "$clang" "${common[@]}" -std=c17 -Wl,--strip-debug
build attested-channel "$here/attested-channel/attested_channel.c" "$clang" "${common[@]}" -std=c17 \
  -Wl,--strip-debug
build evidence "$here/evidence/evidence.c" "$clang" "${common[@]}" -std=c17 -Wl,--strip-debug
build credential "$here/credential/credential.c" "$clang" "${common[@]}" -std=c17 -Wl,--strip-debug
build threshold "$here/threshold/threshold.c" "$clang" "${common[@]}" -std=c17 -pedantic -I"$here/../guest" -Wl,--strip-debug
# The name section stays: it is what makes the backtrace of a trap readable.
build trap "$here/trap/trap.cc" "$clangxx" "${common[@]}" -std=c++20 -fno-exceptions \
  -Wl,--strip-debug
build files "$here/files/files.rs" "$rustc" --target="$rust_target" "${rust_linker[@]}" --edition=2021 -C opt-level=2 \
  -C panic=abort -C strip=debuginfo -C lto=fat -D warnings
build statements "$here/statements/statements.rs" "$rustc" --target="$rust_target" "${rust_linker[@]}" --edition=2021 -C opt-level=2 \
  -C panic=abort -C strip=debuginfo -C lto=fat -D warnings
