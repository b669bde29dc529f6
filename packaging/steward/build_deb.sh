#!/usr/bin/env bash
# Makes merlon-steward_VERSION_ARCHITECTURE.deb of a program that is built already.
#
#   build_deb.sh PROGRAM OUTPUT_FOLDER
set -euo pipefail
program=$(realpath "$1")
out=$(realpath "$2")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
docs=$here/../../docs
version=$("$program" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
umask 022
root=$tree/root
put() { install -D -m "$1" "$2" "$root/$3"; }

put 755 "$program" usr/bin/merlon-steward
strip --strip-unneeded "$root/usr/bin/merlon-steward"
put 644 "$here/merlon-steward.service" lib/systemd/system/merlon-steward.service
for unit in service timer; do
  put 644 "$here/merlon-steward-endorsements.$unit" "lib/systemd/system/merlon-steward-endorsements.$unit"
done
put 755 "$here/fetch-endorsements" usr/lib/merlon-steward/fetch-endorsements
put 644 "$here/sysusers.conf" usr/lib/sysusers.d/merlon-steward.conf
put 640 "$here/steward.toml" etc/merlon-steward/steward.toml
install -d -m 755 "$root/etc/merlon-steward/endorsements"
for document in steward-service.md steward.md errors.md evidence.md haproxy.cfg; do
  put 644 "$docs/$document" "usr/share/doc/merlon-steward/$document"
done
put 644 "$here/../../LICENSE" usr/share/doc/merlon-steward/copyright
"$program" man >"$tree/man"
put 644 "$tree/man" usr/share/man/man1/merlon-steward.1
gzip -9n "$root/usr/share/man/man1/merlon-steward.1"
for shell in bash:bash-completion/completions/merlon-steward zsh:zsh/vendor-completions/_merlon-steward \
             fish:fish/vendor_completions.d/merlon-steward.fish; do
  "$program" completion "${shell%%:*}" >"$tree/completion"
  put 644 "$tree/completion" "usr/share/${shell#*:}"
done

install -d "$root/DEBIAN"
install -m 755 "$here/postinst" "$here/prerm" "$root/DEBIAN/"
printf '/etc/merlon-steward/steward.toml\n' >"$root/DEBIAN/conffiles"
cat >"$root/DEBIAN/control" <<END
Package: merlon-steward
Version: $version
Architecture: $architecture
Maintainer: The Merlon maintainers <maintainers@merlon.invalid>
Section: net
Priority: optional
Depends: libc6 (>= 2.36)
Recommends: adduser | systemd, merlon
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Description: certificates for keeps whose evidence is accepted
 A Steward judges the evidence that keeps of Merlon and Enarx bring along with
 their certification requests, and vouches for their keys by short-lived
 certificates that say what runs.
END
dpkg-deb --root-owner-group --build "$root" "$out/merlon-steward_${version}_${architecture}.deb"
