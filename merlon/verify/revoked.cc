#include "merlon/verify/revoked.h"

#include <algorithm>
#include <array>

#include "merlon/verify/roots.h"

namespace merlon::verify {

namespace {

struct KnownRevocation {
  x509::AnchorId issuer;
  std::array<std::uint8_t, 3> serial;
  codec::UnixTime at;
};

}  // namespace

std::optional<codec::UnixTime> known_revocation(const x509::Certificate& subject,
                                                const x509::Certificate& issuer) noexcept {
  // The first SEV-Genoa ASK. [SNP-KDS CRL of ARK-Genoa, numbers 2 to 10]
  const std::array all{
      KnownRevocation{*vendor_anchor(snp::Product::Genoa), {0x02, 0x00, 0x01}, {1667217600}}};
  const auto found = std::ranges::find_if(all, [&](const KnownRevocation& each) {
    return std::ranges::equal(each.serial, subject.serial()) &&
           each.issuer == x509::anchor_of(issuer);
  });
  return found == all.end() ? std::nullopt : std::optional(found->at);
}

}  // namespace merlon::verify
