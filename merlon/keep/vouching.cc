#include "merlon/keep/vouching.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/keep/steward_talk.h"
#include "merlon/os/random.h"
#include "merlon/x509/certificate.h"
#include "merlon/x509/issue.h"

namespace merlon::keep {

using base::concat;
using core::ByteView;

namespace {

using Text = std::string;

constexpr std::size_t max_path = 5;

core::Result<codec::DerBytes> sign(const x509::NewCertificate& made,
                                   const crypto::PrivateKey& key) {
  const bool p384 = key.kind() == crypto::KeyKind::P384;
  const auto algorithm =
      p384 ? x509::SignatureAlgorithm::EcdsaSha384 : x509::SignatureAlgorithm::EcdsaSha256;
  const auto hash = p384 ? crypto::HashKind::Sha384 : crypto::HashKind::Sha256;
  const codec::DerBytes message = x509::to_be_signed(made, algorithm);
  const auto numbers = TRY(key.sign_ecdsa(crypto::Digest::of(hash, message)));
  return x509::with_signature(message, algorithm,
                              TRY(crypto::EcdsaSignature::from_halves(numbers)));
}

}  // namespace

core::Result<Vouching> self_signed(const identity::SessionKeys& keys, std::int64_t now) {
  constexpr std::int64_t ten_minutes = 600;
  constexpr std::int64_t days = 365;
  x509::NewCertificate made;
  made.serial.resize(16);
  if (!os::fill_random(made.serial)) {
    return core::error(core::ErrorCode::Internal, "no random numbers");
  }
  made.serial[0] = static_cast<std::uint8_t>((made.serial[0] & 0x7FU) | 0x40U);
  made.issuer = made.subject = {"", "localhost"};
  made.not_before = {now - ten_minutes};  // clocks differ
  made.not_after = {now + days * codec::seconds_per_day};
  made.key = keys.tls_spki();
  const std::array<std::string, 1> names{"localhost"};
  made.extensions = {x509::new_key_usage({x509::KeyUsage::DigitalSignature}),
                     x509::new_basic_constraints(false),
                     x509::new_extended_key_usage(
                         {x509::ExtendedKeyUsage::ServerAuth, x509::ExtendedKeyUsage::ClientAuth}),
                     x509::new_dns_names(names, false)};
  return Vouching{
      {TRY(sign(made, keys.tls()))}, {}, made.not_before.seconds, made.not_after.seconds};
}

core::Result<Vouching, std::string> parse_pki_path(ByteView der, ByteView spki, std::int64_t now) {
  const auto whole = codec::der_whole(der, codec::DerTag::Sequence);
  if (!whole) return Text("answers with what is no path of certificates");
  std::vector<x509::Certificate> path;  // the issuer first
  codec::DerReader reader(whole->content);
  while (!reader.at_end()) {
    const auto each = reader.element(codec::DerTag::Sequence);
    if (!each || path.size() == max_path) return Text("answers with no path of certificates");
    auto certificate = x509::Certificate::parse(each->whole);
    if (!certificate) {
      return concat("answers with a certificate that cannot be used: ",
                    certificate.error().message());
    }
    path.push_back(*std::move(certificate));
  }
  if (path.size() < 2) return Text("answers with fewer than two certificates");
  const x509::Certificate& own = path.back();
  if (!std::ranges::equal(own.key().spki, spki)) return Text("certifies another key");
  for (std::size_t i = path.size() - 1; i > 0; --i) {
    if (!x509::verify(path[i - 1].key(), path[i].signature())) {
      return Text("answers with a certificate that its issuer has not signed");
    }
  }
  if (!own.validity().contains({now})) {
    return concat("answers with a certificate that does not hold now, but from ",
                  codec::to_rfc3339(own.validity().not_before), " to ",
                  codec::to_rfc3339(own.validity().not_after));
  }
  Vouching vouching;
  for (auto each = path.rbegin(); each != path.rend(); ++each) {
    vouching.chain.emplace_back(each->der().begin(), each->der().end());
  }
  // All of them, not the first alone: while one authority of a Steward takes the place of another,
  // both stand above the keep's certificate, and peers have certificates of either.
  vouching.steward.assign(vouching.chain.begin() + 1, vouching.chain.end());
  vouching.from = own.validity().not_before.seconds;
  vouching.until = own.validity().not_after.seconds;
  return vouching;
}

core::Result<Vouching, std::string> vouching_for(Self& self, const launch::Launch& launch,
                                                 std::int64_t now) {
  const auto keys = self.keys();
  if (!keys) return concat("no keys: ", keys.error().message());
  if (!launch.message.steward) {
    auto own = self_signed(**keys, now);
    if (!own) return Text(own.error().message());
    return *std::move(own);
  }
  const launch::Steward& steward = *launch.message.steward;
  const std::string name = concat("steward ", url_of(steward), ": ");
  auto requests = self.requests();
  if (!requests) return concat(name, "there is nothing to ask it: ", requests.error().message());
  StewardTalk talk(steward, launch.steward, *std::move(requests), now);
  const auto answer = finish(talk);
  if (!answer) return concat(name, answer.error());
  auto vouching = parse_pki_path(*answer, (*keys)->tls_spki(), now);
  if (!vouching) return concat(name, vouching.error());
  return *std::move(vouching);
}

}  // namespace merlon::keep
