#include "merlon/steward_service/made_ca.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/crypto/private_key.h"
#include "merlon/os/random.h"
#include "merlon/x509/issue.h"

namespace merlon::steward_service {

namespace {

constexpr std::size_t longest_name = 64;  // ub-common-name [RFC5280 §A.1]

core::Result<codec::DerBytes> self_signed(const crypto::PrivateKey& key, const std::string& host,
                                          codec::UnixTime now) {
  x509::NewCertificate made;
  made.serial.resize(16);
  if (!os::fill_random(made.serial)) {
    return core::error(core::ErrorCode::Unavailable, "the kernel gives no random numbers");
  }
  made.serial[0] = static_cast<std::uint8_t>((made.serial[0] & 0x7FU) | 0x40U);
  made.issuer = {"", host};
  made.subject = made.issuer;
  made.not_before = {now.seconds - 600};
  made.not_after = {now.seconds + 365 * codec::seconds_per_day};
  made.key = x509::subject_public_key_info(key.kind(), TRY(key.point()));
  made.extensions = {x509::new_basic_constraints(true, 0),
                     x509::new_key_usage({x509::KeyUsage::KeyCertSign}),
                     x509::new_subject_key_id(x509::key_id_of(made.key))};
  constexpr auto algorithm = x509::SignatureAlgorithm::EcdsaSha256;
  const codec::DerBytes message = x509::to_be_signed(made, algorithm);
  const auto numbers = TRY(key.sign_ecdsa(crypto::Digest::of(crypto::HashKind::Sha256, message)));
  return x509::with_signature(message, algorithm,
                              TRY(crypto::EcdsaSignature::from_halves(numbers)));
}

}  // namespace

core::Result<MadeCa, std::string> make_ca(const std::string& host, codec::UnixTime now) {
  if (host.size() > longest_name) {
    return base::concat("--host ", base::printable(host), ": a CA's name has at most ",
                        longest_name, " characters");
  }
  const auto key = crypto::PrivateKey::generate(crypto::KeyKind::P256);
  if (!key) return base::concat("no key can be made: ", key.error().what);
  const auto certificate = self_signed(*key, host, now);
  if (!certificate) return base::concat("no CA can be made: ", certificate.error().what);
  auto pem = key->to_pem();
  if (!pem) return base::concat("no key can be made: ", pem.error().what);
  return MadeCa{codec::to_pem("CERTIFICATE", *certificate), *std::move(pem)};
}

}  // namespace merlon::steward_service
