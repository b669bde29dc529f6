#!/usr/bin/env bash
# Installs the verifier as a package, builds examples/verify-evidence against it as a project of its
# own, and runs that over genuine evidence.
#
#   package_test.sh BUILD VECTORS
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
build=$(cd "$1" && pwd)
vectors=$(cd "$2" && pwd)
prefix=$build/prefix

{
  cmake -G Ninja -S "$root" -B "$build/merlon" -DCMAKE_BUILD_TYPE=Release -DMERLON_PACKAGE=ON \
    -DMERLON_TESTS=OFF
  cmake --build "$build/merlon" --target merlon_verify -j "${MERLON_JOBS:-2}"
  rm -rf "$prefix"
  cmake --install "$build/merlon" --component verify --prefix "$prefix"
  # Away from the sources: nothing but the package may be found.
  rm -rf "$build/example" && mkdir -p "$build/example"
  cp "$root"/examples/verify-evidence/{CMakeLists.txt,main.cc} "$build/example"
  cmake -G Ninja -S "$build/example" -B "$build/example/build" -DCMAKE_PREFIX_PATH="$prefix" \
    -DCMAKE_BUILD_TYPE=Release
  cmake --build "$build/example/build"
} >"$build/log.txt" 2>&1 || { tail -n 30 "$build/log.txt"; echo "0 passed, 1 failed"; exit 1; }

program=$build/example/build/verify-evidence
passed=0
failed=0
expect() {
  local wanted=$1 status=0
  shift
  "$program" "$@" >"$build/output.txt" || status=$?
  if [[ $status -eq $wanted ]]; then passed=$((passed + 1)); else
    failed=$((failed + 1)) && echo "exit status $status, not $wanted: $*"
  fi
}
cd "$vectors"
milan=(amd-chains/ask_ark_milan.pem steward/ark-milan.crl)
expect 3 virtee-sev/milan.report.bin 2023-05-01 virtee-sev/milan.vcek.der "${milan[@]}"  # old firmware
expect 0 phala/tdx_quote.dat 2025-06-20 phala/tdx_quote_collateral.json
expect 4 README 2025-06-20
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
