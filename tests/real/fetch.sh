#!/usr/bin/env bash
# Installs the pinned npm packages of npm/package.json into build/npm (or $MERLON_NPM).
# A second call does nothing. No install script of theirs is run.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=${MERLON_NPM:-$(cd "$here/../.." && pwd)/build/npm}
stamp=$target/.installed

for tool in node npm; do
  command -v "$tool" >/dev/null && continue
  echo "fetch.sh: $tool is missing: apt-get install nodejs npm" >&2
  exit 1
done
if [[ -f $stamp ]] && cmp -s "$here/npm/package-lock.json" "$stamp"; then
  exit 0
fi

echo "fetch.sh: installing the npm packages of tests/real/npm into $target" >&2
mkdir -p "$target"
cp "$here/npm/package.json" "$here/npm/package-lock.json" "$target/"
npm ci --prefix "$target" --ignore-scripts --no-audit --no-fund --loglevel=error >&2
node "$here/unpack_yosys.mjs" "$target/node_modules/@yowasp/yosys" "$target/yosys-share"
cp "$here/npm/package-lock.json" "$stamp"
