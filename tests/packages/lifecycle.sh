#!/bin/bash
# On a booted machine with /old/*.deb, /new/*.deb, /keys and /examples: install, use, upgrade, remove, purge.
failed=0
ok() { echo "ok $1"; }
bad() { failed=1; echo "FAILED $1: ${*:2}"; }
try() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then ok "$name"; else bad "$name" "$said"; fi
}
services=(merlon-steward merlon-drawbridge merlon-gatehouse)
mapfile -t packages < <(for deb in /new/*.deb; do dpkg-deb --field "$deb" Package; done)
install() { apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"; }

# Everything on the machine but what packages' managers note, and what there is in /etc and /var/lib.
everything() {
  find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp -o -path /root \
    -o -path /var/log -o -path /home -o -path /var/lib/apt -o -path /var/cache -o -path '/var/lib/dpkg/*' -o -name '*-' \
    -o -path /old -o -path /new -o -path '/var/lib/systemd/*' \) -prune -o -print
  cat /etc/passwd /etc/group /etc/shadow /etc/gshadow
  find /etc -xdev -type f ! -name '*-' ! -name .pwd.lock ! -name ld.so.cache ! -name machine-id -exec sha256sum {} +
  dpkg-query -W -f '${Package} ${db:Status-Status}\n'
}

if [[ -c /dev/kvm ]] || mknod /dev/kvm c 10 232 2>/dev/null; then
  # There may be no such device behind the number.
  if (exec 3<>/dev/kvm) 2>/dev/null; then chgrp kvm /dev/kvm && chmod 660 /dev/kvm; else rm -f /dev/kvm; fi
fi
[[ -f /etc/hosts ]] || echo "127.0.0.1 localhost" >/etc/hosts
useradd --create-home tester
[[ -c /dev/kvm ]] && usermod --append --groups kvm tester
everything | sort >/root/before

# Install.
try "install the version before" install /old/*.deb
[[ $failed -eq 0 ]] || exit 1
for service in "${services[@]}"; do
  systemctl is-enabled --quiet "$service" && bad "$service is not enabled unasked" enabled || ok "$service is not enabled unasked"
  systemctl start "$service"
  systemctl is-active --quiet "$service" && bad "$service waits for its key" active || ok "$service waits for its key"
  [[ $(stat -c '%U %G %a' /etc/$service) == "root $service 750" ]] && ok "/etc/$service is closed" ||
    bad "/etc/$service is closed" "$(stat -c '%U %G %a' /etc/$service)"
done

# The first session, of somebody who is nobody special.
runuser --login tester --command 'bash /examples/session.sh' || failed=1
systemctl stop docker-registry 2>/dev/null
runuser --login tester --command 'mkdir sealed && cd sealed && cp ../hello.wasm . && PATH=$PATH:/usr/sbin HOME=$PWD bash /examples/sealed.sh' \
  >/root/sealed 2>/root/errors
if different=$(diff /examples/sealed.shown /root/sealed); then ok "a sealed package"
elif grep -q "USER_DISPATCH" /root/errors; then echo "SKIP a sealed package: $(cat /root/errors)"
else bad "a sealed package" "$different $(cat /root/errors)"; fi

# The services, with keys of their own.
for service in "${services[@]}"; do
  cp /keys/* /etc/$service/ && chgrp $service /etc/$service/* && chmod 640 /etc/$service/*
done
for service in "${services[@]}"; do
  systemctl start "$service" && sleep 0.5 && systemctl is-active --quiet "$service" && ok "$service starts as it is configured" ||
    bad "$service starts as it is configured" "$(journalctl -u "$service" -n 5 --no-pager)"
  systemctl stop "$service"
done
merlon platform simulate init --kind sgx --dir /var/lib/merlon-gatehouse/simulator-sgx >/root/platform.txt
chown -R merlon-gatehouse: /var/lib/merlon-gatehouse
cp -r /var/lib/merlon-gatehouse/simulator-sgx /home/tester/endorsements
{ sed -n '/^roots/,$p' /root/platform.txt
  merlon keep measure --backend sgx | sed -n 's/^MRENCLAVE *\(.*\)/mr_enclave = ["\1"]/p'; } >/home/tester/policy.toml
chown -R tester: /home/tester
cat >>/etc/merlon-steward/steward.toml <<END
tls-key = "/etc/merlon-steward/tls.key"
tls-crt = "/etc/merlon-steward/tls.crt"
END
sed -i 's/^backend = .*/backend = ["sgx-sim", "kvm"]\nsimulator-sgx = "\/var\/lib\/merlon-gatehouse\/simulator-sgx"/' \
  /etc/merlon-gatehouse/gatehouse.toml
systemctl daemon-reload
tenant="--to https://localhost:8443 --ca-bundle /keys/tls.crt --cert /keys/tenant.crt --cert-key /keys/tenant.key"
use() {
  local curl=(curl --silent --show-error --fail --max-time 20 --retry 5 --retry-connrefused --retry-delay 1 --cacert /keys/tls.crt)
  try "the Steward answers$1" "${curl[@]}" --output /dev/null https://localhost:3000/status
  try "the Drawbridge answers$1" "${curl[@]}" --output /dev/null https://localhost:8080/openapi.json
  try "the gatehouse answers$1" "${curl[@]}" --output /dev/null --cert /keys/tenant.crt --key /keys/tenant.key https://localhost:8443/v1/keeps
  local how said
  for how in "--backend sgx-sim --policy policy.toml --endorsements endorsements" "--backend kvm --insecure-backend"; do
    if [[ $how == *kvm* && ! -c /dev/kvm ]]; then echo "SKIP a tenant's keep$1, $how: no /dev/kvm"; continue; fi
    said=$(runuser --login tester --command "merlon deploy $tenant $how hello.wasm" 2>&1)
    if [[ $said == *"Hello from WebAssembly!"* ]]; then ok "a tenant's keep$1, $how"
    elif grep -q "USER_DISPATCH" <<<"$said"; then echo "SKIP a tenant's keep$1, $how: $said"
    else bad "a tenant's keep$1, $how" "$said"; fi
  done
}
for service in "${services[@]}"; do
  systemctl enable --quiet "$service"
  try "$service starts" systemctl start "$service"
done
use ""
for service in "${services[@]}"; do
  systemctl is-active --quiet "$service" && ok "$service runs" || bad "$service runs" "$(journalctl -u "$service" -n 20 --no-pager)"
done
journalctl --no-pager -q _AUDIT_TYPE_NAME=SECCOMP | grep -q . && bad "no call is missed" "$(journalctl --no-pager -q _AUDIT_TYPE_NAME=SECCOMP)"

# A keep that goes on: (module (memory (export "memory") 1) (func (export "_start") (loop (br 0)))).
printf '\0asm\1\0\0\0\1\4\1\140\0\0\3\2\1\0\5\3\1\0\1\7\23\2\6memory\2\0\6_start\0\0\12\11\1\7\0\3\100\14\0\13\13' \
  >/home/tester/endless.wasm
said=$(runuser --login tester --command "merlon deploy $tenant --detach --backend sgx-sim --policy policy.toml \
  --endorsements endorsements endless.wasm" 2>&1) && endless=yes || echo "SKIP a keep that goes on: $said"
runs() { runuser --login tester --command "merlon keeps list $tenant" 2>&1 | grep -q running; }
[[ -z ${endless:-} ]] || { runs && ok "a keep is left running" || bad "a keep is left running" "$said"; }

# Upgrade.
declare -A earlier
for service in "${services[@]}"; do earlier[$service]=$(systemctl show --property MainPID --value "$service"); done
try "upgrade" install /new/*.deb
for service in "${services[@]}"; do
  systemctl is-active --quiet "$service" && systemctl is-enabled --quiet "$service" && ok "$service goes on after an upgrade" ||
    bad "$service goes on after an upgrade" "$(systemctl status "$service" --no-pager)"
  [[ $(systemctl show --property MainPID --value "$service") != "${earlier[$service]}" ]] && ok "$service is the new one" ||
    bad "$service is the new one" "process ${earlier[$service]} as before"
done
grep -q tls-key /etc/merlon-steward/steward.toml && grep -q sgx-sim /etc/merlon-gatehouse/gatehouse.toml &&
  ok "configuration is kept" || bad "configuration is kept" "not"
use " after an upgrade"
[[ -z ${endless:-} ]] || { runs && ok "a keep outlives an upgrade" || bad "a keep outlives an upgrade" "it is gone"; }

# A broker as well, which the service may be by the package's drop-in; and an issuer that has a name and does not answer.
echo "127.0.0.1 login.example.org" >>/etc/hosts
mkdir /etc/systemd/system/merlon-steward.service.d
cp /usr/share/doc/merlon-steward/examples/broker.conf /etc/systemd/system/merlon-steward.service.d/
(umask 037; tr -dc 0-9a-f </dev/urandom | head -c 64 >/etc/merlon-steward/release.key; chgrp merlon-steward /etc/merlon-steward/release.key)
sed -i 's/^# \(release-\|oidc-\)/\1/' /etc/merlon-steward/steward.toml
systemctl daemon-reload
try "services start anew" systemctl restart merlon-steward merlon-drawbridge
use ", with a broker"
for service in merlon-steward merlon-drawbridge; do
  said=$(journalctl --no-pager -q -u $service _PID="$(systemctl show --property MainPID --value $service)")
  # It got as far as the issuer's address.
  grep -q '"oidc".*login.example.org' <<<"$said" && ! grep -q 'cannot find\|resolve' <<<"$said" &&
    ok "$service asks for names" || bad "$service asks for names" "$said"
done
rm -r /etc/systemd/system/merlon-steward.service.d
sed -i '$d' /etc/hosts

# Remove: what runs ends, what was written stays.
try "remove" apt-get remove -y "${packages[@]}"
for service in "${services[@]}"; do
  systemctl is-active --quiet "$service" && bad "$service has ended" active || ok "$service has ended"
  [[ -f /etc/$service/tls.key && -d /var/lib/$service ]] && ok "$service keeps its state" || bad "$service keeps its state" gone
done
left=$(pgrep -l merlon) && bad "no process is left" "$left" || ok "no process is left"

# Purge.
try "purge" apt-get purge -y "${services[@]}"
everything | sort >/root/after
if different=$(diff /root/before /root/after | head -n 40); [[ -z $different ]]; then ok "nothing is left"; else bad "nothing is left" "$different"; fi
left=$(find / -xdev \( -path /home -o -path /old -o -path /new -o -path /root -o -path /tmp -o -path /var/log -o -path /proc \
  -o -path /run -o -path /examples \) -prune -o -name '*merlon*' -print)
[[ -z $left ]] && ok "nothing has its name" || bad "nothing has its name" "$left"
exit $failed
