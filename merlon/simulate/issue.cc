#include "merlon/simulate/issue.h"

#include <algorithm>

#include "merlon/os/random.h"
#include "merlon/snp/endorsement.h"

namespace merlon::simulate {

using codec::DerBytes;
using codec::Oid;
using core::ErrorCode;
using core::Result;
using crypto::KeyKind;
using crypto::PrivateKey;
using x509::SignatureAlgorithm;

namespace {

/// Versions of firmware that there is none of.
constexpr snp::TcbComponents made_tcb{0, 1, 0, 1, 1};

SignatureAlgorithm algorithm_of(const PrivateKey& key) {
  return key.kind() == KeyKind::P384 ? SignatureAlgorithm::EcdsaSha384
                                     : SignatureAlgorithm::EcdsaSha256;
}

Result<DerBytes> sign(const DerBytes& message, const PrivateKey& key) {
  const auto hash =
      key.kind() == KeyKind::P384 ? crypto::HashKind::Sha384 : crypto::HashKind::Sha256;
  const auto numbers = TRY(key.sign_ecdsa(crypto::Digest::of(hash, message)));
  return x509::with_signature(message, algorithm_of(key),
                              TRY(crypto::EcdsaSignature::from_halves(numbers)));
}

/// A name that nobody takes for a chip's.
Result<DerBytes> new_chip_id() {
  constexpr std::string_view mark = "SIMULATOR";
  DerBytes chip(snp::ChipId::size);
  TRY(fill_random(chip));
  std::ranges::copy(mark, chip.begin());
  return chip;
}

/// [SNP-KDS "VCEK and VLEK certificate extensions"]
std::vector<DerBytes> endorsement_extensions(core::ByteView chip_id,
                                             const snp::TcbComponents& tcb) {
  constexpr Oid struct_version{1, 3, 6, 1, 4, 1, 3704, 1, 1};
  constexpr Oid product_name{1, 3, 6, 1, 4, 1, 3704, 1, 2};
  constexpr Oid bootloader{1, 3, 6, 1, 4, 1, 3704, 1, 3, 1};
  constexpr Oid tee{1, 3, 6, 1, 4, 1, 3704, 1, 3, 2};
  constexpr Oid snp_firmware{1, 3, 6, 1, 4, 1, 3704, 1, 3, 3};
  constexpr Oid microcode{1, 3, 6, 1, 4, 1, 3704, 1, 3, 8};
  constexpr Oid hwid{1, 3, 6, 1, 4, 1, 3704, 1, 4};
  std::vector<DerBytes> all;
  const auto number = [&](const Oid& id, std::uint64_t value) {
    all.push_back(x509::new_extension(id, false, codec::der_integer(value)));
  };
  number(struct_version, 0);
  all.push_back(x509::new_extension(
      product_name, false,
      codec::der_text(codec::DerTag::Ia5String, to_string(snp::Product::Simulator))));
  number(bootloader, tcb.bootloader);
  number(tee, tcb.tee);
  number(snp_firmware, tcb.snp);
  number(microcode, tcb.microcode);
  all.push_back(x509::new_extension(hwid, false, chip_id));
  return all;
}

/// By the ARK, itself or the ASK.
x509::NewCertificate authority(std::string_view name, const DerBytes& serial, const DerBytes& spki,
                               codec::UnixTime now) {
  return {serial,
          named(ark_name),
          named(name),
          now,
          after(now, certificate_days),
          spki,
          {x509::new_basic_constraints(true),
           x509::new_key_usage({x509::KeyUsage::KeyCertSign, x509::KeyUsage::CrlSign})}};
}

/// By the ASK. All VCEKs have the serial 0.
x509::NewCertificate endorsement(core::ByteView chip_id, const snp::TcbComponents& tcb,
                                 const DerBytes& spki, codec::UnixTime now) {
  return {{0},
          named(ask_name),
          named(vcek_name),
          now,
          after(now, certificate_days),
          spki,
          endorsement_extensions(chip_id, tcb)};
}

/// What an ARK signs, and what is below that.
struct Below {
  DerBytes ask, vcek;
  PrivateKey vcek_key;
};

/// The ASK's key is wiped: nothing will be signed by it again.
Result<Below> issue_below(const PrivateKey& ark_key, core::ByteView chip_id,
                          const snp::TcbComponents& tcb, codec::UnixTime now) {
  const auto ask_key = TRY(PrivateKey::generate(KeyKind::P384));
  auto vcek_key = TRY(PrivateKey::generate(KeyKind::P384));
  const auto ask_serial = TRY(new_serial());
  const auto ask_spki = TRY(spki_of(ask_key));
  auto ask = TRY(issue(authority(ask_name, ask_serial, ask_spki, now), ark_key));
  const auto vcek_spki = TRY(spki_of(vcek_key));
  auto vcek = TRY(issue(endorsement(chip_id, tcb, vcek_spki, now), ask_key));
  return Below{std::move(ask), std::move(vcek), std::move(vcek_key)};
}

}  // namespace

x509::NewName named(std::string_view common_name) {
  constexpr std::string_view organization = "Merlon SIMULATOR";
  return {std::string(organization), std::string(common_name)};
}

codec::UnixTime after(codec::UnixTime now, std::int64_t days) noexcept {
  return {now.seconds + days * codec::seconds_per_day};
}

Result<void> fill_random(core::ByteSpan bytes) {
  if (const auto filled = os::fill_random(bytes); !filled) {
    return core::error(ErrorCode::Internal, "the kernel gave no random bytes");
  }
  return {};
}

Result<DerBytes> new_serial() {
  DerBytes serial(16);
  TRY(fill_random(serial));
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7FU) | 0x40U);
  return serial;
}

Result<DerBytes> issue(x509::NewCertificate made, const PrivateKey& issuer) {
  made.extensions.push_back(
      x509::new_extension(comment_oid, false, codec::der_text(codec::DerTag::Ia5String, remark)));
  return sign(x509::to_be_signed(made, algorithm_of(issuer)), issuer);
}

Result<DerBytes> issue(const x509::NewCrl& made, const PrivateKey& issuer) {
  return sign(x509::to_be_signed(made, algorithm_of(issuer)), issuer);
}

bool has_remark(const x509::Certificate& certificate) {
  const x509::Extension* found = x509::find_extension(certificate.extensions(), comment_oid);
  return found != nullptr &&
         std::ranges::equal(found->value, codec::der_text(codec::DerTag::Ia5String, remark));
}

Result<DerBytes> spki_of(const PrivateKey& key) {
  return x509::subject_public_key_info(key.kind(), TRY(key.point()));
}

Result<DerBytes> issue_list(const PrivateKey& ark_key, codec::UnixTime now, std::uint64_t number,
                            std::vector<DerBytes> serials) {
  return issue(
      x509::NewCrl{named(ark_name), now, after(now, list_days), number, std::move(serials)},
      ark_key);
}

Result<std::uint64_t> number_of(const x509::Crl& list) {
  const core::ByteView bytes = list.number();
  if (bytes.empty() || bytes.size() > 8 || bytes[0] >= 0x80) {
    return core::error(ErrorCode::Malformed, "a revocation list's number");
  }
  std::uint64_t number = 0;
  for (const std::uint8_t byte : bytes) number = number << 8U | byte;
  return number;
}

Result<NewMachine> make_machine(codec::UnixTime now) {
  auto ark_key = TRY(PrivateKey::generate(KeyKind::P384));
  const auto ark_serial = TRY(new_serial());
  const auto ark_spki = TRY(spki_of(ark_key));
  const auto ark = TRY(issue(authority(ark_name, ark_serial, ark_spki, now), ark_key));
  const auto chip_id = TRY(new_chip_id());
  auto below = TRY(issue_below(ark_key, chip_id, made_tcb, now));
  const auto list = TRY(issue_list(ark_key, now, 1, {}));
  Chain chain = TRY(Chain::parse({ark, below.ask, below.vcek, list}));
  std::vector<std::uint8_t> secret(chip_secret_size);
  TRY(fill_random(secret));
  return NewMachine{std::move(chain), std::move(below.vcek_key), std::move(ark_key),
                    crypto::SecretBytes(std::move(secret))};
}

Result<UpdatedMachine> update(const Chain& chain, const PrivateKey& ark_key,
                              const snp::TcbComponents& tcb, codec::UnixTime now) {
  if (!is_key_of(ark_key, chain.ark())) {
    return core::error(ErrorCode::Denied, "the ARK's key is another's");
  }
  if (chain.is_revoked()) {
    return core::error(ErrorCode::Denied, "a revoked machine is not updated");
  }
  auto below = TRY(issue_below(ark_key, chain.endorsed().chip_id.view(), tcb, now));
  Chain::Parts parts = chain.parts();
  parts.ask = below.ask;
  parts.vcek = below.vcek;
  Chain updated = TRY(Chain::parse(parts));
  return UpdatedMachine{std::move(updated), std::move(below.vcek_key)};
}

}  // namespace merlon::simulate
