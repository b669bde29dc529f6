#!/bin/bash
# In a container with /new/*.deb and /examples, without systemd and without network: install, use, purge.
failed=0
ok() { echo "ok $1"; }
bad() { failed=1; echo "FAILED $1: ${*:2}"; }
try() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$name"; else bad "$name" "$said"; fi
}
export DEBIAN_FRONTEND=noninteractive
mapfile -t packages < <(for deb in /new/*.deb; do dpkg-deb --field "$deb" Package; done)
try "install" apt-get install -y --no-install-recommends /new/*.deb
[[ $failed -eq 0 ]] || exit 1
useradd --create-home tester
if [[ -c /dev/kvm ]]; then
  group=$(stat -c %g /dev/kvm)
  getent group "$group" >/dev/null || groupadd --gid "$group" kvm-of-the-host
  usermod --append --groups "$(getent group "$group" | cut -d: -f1)" tester
fi
runuser --login tester --command 'bash /examples/session.sh' || failed=1

# Each service for a second, as its own user.
serve() {
  local user=$1
  shift
  install -d -o "$user" -g "$user" "/var/lib/$user"
  setpriv --reuid="$user" --regid="$user" --init-groups env HOME="/var/lib/$user" "$@" >"/tmp/$user.log" 2>&1 &
}
serve merlon-steward merlon-steward serve --host localhost --listen 127.0.0.1:3000 --state /var/lib/merlon-steward
serve merlon-drawbridge merlon-drawbridge serve --development --listen 127.0.0.1:8080 --store /var/lib/merlon-drawbridge
install -d -o merlon-gatehouse /var/lib/merlon-gatehouse
merlon platform simulate init --kind sgx --dir /var/lib/merlon-gatehouse/simulator-sgx >/tmp/platform
chown -R merlon-gatehouse: /var/lib/merlon-gatehouse
serve merlon-gatehouse merlon-gatehouse serve --development --backend sgx-sim --state /var/lib/merlon-gatehouse \
  --simulator-sgx /var/lib/merlon-gatehouse/simulator-sgx --listen 127.0.0.1:8443
curl=(curl --silent --show-error --fail --max-time 20 --retry 5 --retry-connrefused --retry-delay 1 --output /dev/null)
try "the Steward answers" "${curl[@]}" http://127.0.0.1:3000/status
try "the Drawbridge answers" "${curl[@]}" http://127.0.0.1:8080/openapi.json
try "the gatehouse answers" "${curl[@]}" http://127.0.0.1:8443/v1/keeps
{ sed -n '/^roots/,$p' /tmp/platform
  merlon keep measure --backend sgx | sed -n 's/^MRENCLAVE *\(.*\)/mr_enclave = ["\1"]/p'; } >/tmp/policy.toml
said=$(merlon deploy --to http://127.0.0.1:8443 --backend sgx-sim --policy /tmp/policy.toml \
  --endorsements /var/lib/merlon-gatehouse/simulator-sgx /usr/share/doc/merlon/examples/hello.wasm 2>&1)
if [[ $said == *"Hello from WebAssembly!"* ]]; then ok "a tenant's keep"
elif grep -q "USER_DISPATCH" <<<"$said"; then echo "SKIP a tenant's keep: $said"
else bad "a tenant's keep" "$said $(tail -n 3 /tmp/merlon-gatehouse.log)"; fi
kill $(jobs -p)
wait

try "purge" apt-get purge -y "${packages[@]}"
left=$(find / -xdev \( -path /proc -o -path /sys -o -path /home -o -path /new -o -path /root -o -path /tmp -o -path /var/log \
  -o -path /examples \) -prune -o -name '*merlon*' -print; grep merlon /etc/passwd /etc/group)
[[ -z $left ]] && ok "nothing is left" || bad "nothing is left" "$left"
exit $failed
