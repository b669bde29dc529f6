#!/usr/bin/env bash
# Installs the verifiers as a package, builds examples/verify-evidence, verify-credential and verify-statement against it
# as projects of their own, and runs the first over genuine evidence.
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
  cmake --build "$build/merlon" --target merlon_verify merlon_credential merlon_statement -j "${MERLON_JOBS:-2}"
  rm -rf "$prefix"
  cmake --install "$build/merlon" --component verify --prefix "$prefix"
  # Away from the sources: nothing but the package may be found.
  for name in evidence credential statement; do
    rm -rf "$build/$name" && mkdir -p "$build/$name"
    cp "$root/examples/verify-$name/"{CMakeLists.txt,main.cc} "$build/$name"
    cmake -G Ninja -S "$build/$name" -B "$build/$name/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_BUILD_TYPE=Release
    cmake --build "$build/$name/build"
  done
  printf '#include <merlon/guest/statement.h>\nint main(void) { return merlon_statement_open(); }\n' |
    cc -std=c99 -Wall -Wextra -pedantic -Werror -I"$prefix/include/merlon-guest" -fsyntax-only -x c -
  printf '#include <merlon/guest/statement.hpp>\nint main() { return merlon::guest::Statements().is_open(); }\n' |
    c++ -std=c++20 -Wall -Wextra -Werror -I"$prefix/include/merlon-guest" -fsyntax-only -x c++ -
} >"$build/log.txt" 2>&1 || { tail -n 30 "$build/log.txt"; echo "0 passed, 1 failed"; exit 1; }

program=$build/evidence/build/verify-evidence
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
# The key of a simulator's credential, whose tokens count for nobody who has not asked for such.
program=$build/credential/build/verify-credential
tail -c +2 "$root/tests/fuzz/corpus/credential_messages/key" >"$build/some.key"
token=$(tail -c +2 "$root/tests/fuzz/corpus/credential_messages/token")
expect 3 "$build/some.key" https://bank.example "$token"
if [[ $(<"$build/output.txt") == credential.development ]]; then passed=$((passed + 1)); else
  failed=$((failed + 1)) && cat "$build/output.txt"
fi
expect 1 /dev/null https://bank.example "$token"
# A balance of 7 that is at least 5, of the fuzzer's corpus.
program=$build/statement/build/verify-statement
request=$root/tests/fuzz/corpus/statement_request/verify_at_least
commitment=$(tail -c +21 "$request" | head -c 33 | od -An -tx1 | tr -d ' \n')
tail -c +54 "$request" >"$build/some.proof"
expect 0 "$commitment" 5 2 corpus "$build/some.proof"
expect 3 "$commitment" 6 2 corpus "$build/some.proof"
expect 3 "$commitment" 5 2 other "$build/some.proof"
if [[ $(<"$build/output.txt") == statement.proof ]]; then passed=$((passed + 1)); else
  failed=$((failed + 1)) && cat "$build/output.txt"
fi
expect 2 00 5 2 corpus "$build/some.proof"
echo "$passed passed, $failed failed"
[[ $failed -eq 0 ]]
