#include "merlon/steward/leaf.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/os/random.h"
#include "merlon/steward/refusal.h"

namespace merlon::steward {

namespace {

std::vector<codec::DerBytes> extensions_of(const Granted& granted, const LeafIssuer& issuer,
                                           const Authority::Settings& settings) {
  using x509::ExtendedKeyUsage;
  constexpr codec::Oid kvm{1, 3, 6, 1, 4, 1, 58270, 1, 1};
  std::vector<codec::DerBytes> all;
  // Enarx copies this one, so that who knows it sees that there is no hardware.
  if (granted.kvm) all.push_back(x509::new_extension(kvm, false, {}));
  if (!settings.dns_names.empty()) all.push_back(x509::new_dns_names(settings.dns_names, true));
  all.push_back(
      x509::new_extended_key_usage({ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::ClientAuth}));
  all.push_back(x509::new_key_usage({x509::KeyUsage::DigitalSignature}));
  all.push_back(x509::new_basic_constraints(false));
  all.push_back(x509::new_authority_key_id(issuer.key_id));
  all.push_back(x509::new_subject_key_id(x509::key_id_of(granted.spki)));
  all.push_back(x509::new_extension(evidence::cmw_oid, false, granted.result.to_extension()));
  return all;
}

/// Empty, as Enarx's keeps ask for: nobody has looked at a name that a request wishes for. A
/// certificate must have one somewhere, so without other names it is made of the key.
x509::NewName subject_of(const crypto::Sha256Digest& key, const Authority::Settings& settings) {
  if (!settings.dns_names.empty()) return {};
  constexpr std::size_t shown = 8;
  return {"", base::concat("keep ", base::hex(key.view().first(shown)))};
}

}  // namespace

core::Result<Bytes> new_serial() {
  std::array<std::uint8_t, 16> bytes{};
  if (!os::fill_random(bytes)) {
    return core::error(core::ErrorCode::Internal, "the kernel gives no random bytes");
  }
  // Positive, and of one size.
  bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7FU) | 0x40U);
  return Bytes(bytes.begin(), bytes.end());
}

core::Result<NewLeaf, Refusal> new_leaf(const Granted& granted, Bytes serial,
                                        const LeafIssuer& issuer,
                                        const Authority::Settings& settings, codec::UnixTime now,
                                        std::size_t number) {
  if (!issuer.validity.contains(now)) {
    return refuse(Reason::IssuerValidity,
                  base::concat("valid from ", codec::to_rfc3339(issuer.validity.not_before), " to ",
                               codec::to_rfc3339(issuer.validity.not_after)),
                  number);
  }
  const codec::UnixTime begin{now.seconds - settings.backdate.count()};
  const codec::UnixTime end = std::min({codec::UnixTime{now.seconds + settings.lifetime.count()},
                                        issuer.validity.not_after, granted.until});
  if (end <= now) {
    return refuse(Reason::Over, base::concat("an end at ", codec::to_rfc3339(end)), number);
  }
  const crypto::Sha256Digest key = crypto::sha256({granted.spki});
  const evidence::AttestationResult& result = granted.result;
  NewLeaf leaf;
  leaf.issuance = {serial,
                   key,
                   result.evidence,
                   result.policy,
                   result.technology,
                   result.measurement,
                   result.tcb_status,
                   result.simulator,
                   std::max(begin, issuer.validity.not_before),
                   end,
                   granted.until,
                   granted.outlook};
  leaf.certificate = {std::move(serial),
                      {"", "", issuer.subject},
                      subject_of(key, settings),
                      leaf.issuance.not_before,
                      end,
                      granted.spki,
                      extensions_of(granted, issuer, settings)};
  return leaf;
}

}  // namespace merlon::steward
