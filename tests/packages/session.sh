#!/bin/bash
# README's first session, typed by an ordinary user of a machine that has the package; each line that differs is told.
cd ~ && cp /usr/share/doc/merlon/examples/hello.wasm /examples/*.wasm . || exit 1
failed=0
expect() {
  local name=$1 wanted=$2 status=$3 said
  shift 3
  said=$("$@" 2>&1)
  local got=$?
  if [[ $got -eq $status && $said == *"$wanted"* ]]; then echo "ok $name"; else
    failed=1; echo "FAILED $name: status $got: $said"
  fi
}
backends=(nil)
[[ -w /dev/kvm ]] && backends+=(kvm) || echo "SKIP kvm: no /dev/kvm that this user may use"
for backend in "${backends[@]}"; do
  export MERLON_BACKEND=$backend
  expect "hello in $backend" "Hello from WebAssembly!" 0 merlon run hello.wasm
  expect "trap in $backend" "trap: integer divide by zero" 134 merlon run trap.wasm -- divide-by-zero
  mkdir -p notes && echo "one two" >notes/a.txt
  expect "a directory in $backend" "8 a.txt" 0 merlon run --dir notes files.wasm -- ls notes
  expect "no directory in $backend" "files: notes: " 1 merlon run files.wasm -- ls notes
  expect "an exit status in $backend" "about to end by: exit" 7 merlon run --timeout 5s trap.wasm -- exit 7
done
expect "inspect" "its own end  given: always" 0 merlon inspect hello.wasm
mkdir -p server && cp hello.wasm server/main.wasm
printf '[[files]]\nkind = "stdout"\n\n[[files]]\nkind = "listen"\nname = "web"\nport = "8080"\n' >server/Enarx.toml
expect "a package that is wrong" "files[1].port: must be an integer from 0 to 65535" 1 merlon run server
unset MERLON_BACKEND
expect "no backend named" "Hello from WebAssembly!" 0 merlon run hello.wasm
expect "platform info" "nil" 0 merlon platform info
expect "keep measure" "MRENCLAVE" 0 merlon keep measure --backend sgx
expect "evidence fetch" "usage" 0 merlon evidence fetch --help
merlon platform simulate init --kind sgx >/dev/null
if merlon run --backend sgx-sim hello.wasm >enclave 2>&1; then echo "ok hello in sgx-sim"; else
  grep -q "dispatch\|SYSCALL_USER" enclave && echo "SKIP sgx-sim: $(head -n 1 enclave)" ||
    { failed=1; echo "FAILED hello in sgx-sim: $(cat enclave)"; }
fi
expect "the manual" ".TH" 0 gzip -dc /usr/share/man/man1/merlon.1.gz
exit $failed
