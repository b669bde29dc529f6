#include "merlon/x509/issue.h"

#include <algorithm>

namespace merlon::x509 {

using codec::der_bits;
using codec::der_explicit;
using codec::der_integer;
using codec::der_join;
using codec::der_octets;
using codec::der_oid;
using codec::der_sequence;
using codec::der_set;
using codec::der_text;
using codec::der_time;
using codec::der_value;
using codec::DerBytes;
using codec::DerTag;

namespace {

DerBytes bytes_of(core::ByteView view) { return {view.begin(), view.end()}; }

DerBytes name(const NewName& made) {
  if (!made.der.empty()) return made.der;
  constexpr codec::Oid organization{2, 5, 4, 10};
  constexpr codec::Oid common_name{2, 5, 4, 3};
  const auto part = [](const codec::Oid& id, const std::string& text) {
    if (text.empty()) return DerBytes{};
    return der_set({der_sequence({der_oid(id), der_text(DerTag::Utf8String, text)})});
  };
  return der_sequence({part(organization, made.organization), part(common_name, made.common_name)});
}

DerBytes algorithm_identifier(SignatureAlgorithm algorithm) {
  constexpr codec::Oid sha256{1, 2, 840, 10045, 4, 3, 2};
  constexpr codec::Oid sha384{1, 2, 840, 10045, 4, 3, 3};
  MERLON_CHECK(algorithm == SignatureAlgorithm::EcdsaSha256 ||
               algorithm == SignatureAlgorithm::EcdsaSha384);
  return der_sequence({der_oid(algorithm == SignatureAlgorithm::EcdsaSha256 ? sha256 : sha384)});
}

DerBytes sequence_of(const std::vector<DerBytes>& parts) {
  DerBytes all;
  for (const DerBytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return der_value(DerTag::Sequence, all);
}

}  // namespace

DerBytes subject_public_key_info(crypto::KeyKind curve, core::ByteView point) {
  constexpr codec::Oid ec_public_key{1, 2, 840, 10045, 2, 1};
  constexpr codec::Oid p256{1, 2, 840, 10045, 3, 1, 7};
  constexpr codec::Oid p384{1, 3, 132, 0, 34};
  MERLON_CHECK(point.size() == (curve == crypto::KeyKind::P256 ? 64 : 96));
  const DerBytes uncompressed = der_join({{0x04}, bytes_of(point)});
  return der_sequence({der_sequence({der_oid(ec_public_key),
                                     der_oid(curve == crypto::KeyKind::P256 ? p256 : p384)}),
                       der_bits(uncompressed)});
}

DerBytes new_extension(const codec::Oid& id, bool critical, core::ByteView value) {
  return der_sequence(
      {der_oid(id), critical ? codec::der_boolean(true) : DerBytes{}, der_octets(value)});
}

DerBytes new_basic_constraints(bool ca, std::optional<std::uint64_t> path_length) {
  MERLON_CHECK(ca || !path_length);
  return new_extension(oid::basic_constraints, true,
                       der_sequence({ca ? codec::der_boolean(true) : DerBytes{},
                                     path_length ? der_integer(*path_length) : DerBytes{}}));
}

DerBytes new_key_usage(std::initializer_list<KeyUsage> usages) {
  std::uint8_t bits = 0;
  std::uint8_t last = 0;
  for (const KeyUsage usage : usages) {
    const auto number = static_cast<std::uint8_t>(usage);
    bits = static_cast<std::uint8_t>(bits | 0x80U >> number);
    last = std::max(last, number);
  }
  MERLON_CHECK(bits != 0);
  const DerBytes content{static_cast<std::uint8_t>(7 - last), bits};
  return new_extension(oid::key_usage, true, der_value(DerTag::BitString, content));
}

DerBytes new_extended_key_usage(std::initializer_list<ExtendedKeyUsage> usages) {
  MERLON_CHECK(usages.size() > 0);
  std::vector<DerBytes> purposes;
  for (const ExtendedKeyUsage usage : usages) purposes.push_back(der_oid(oid_of(usage)));
  return new_extension(oid::extended_key_usage, false, sequence_of(purposes));
}

DerBytes new_dns_names(std::span<const std::string> names, bool critical) {
  MERLON_CHECK(!names.empty() && std::ranges::all_of(names, is_dns_name));
  std::vector<DerBytes> all;
  for (const std::string& each : names) {
    all.push_back(der_value(dns_name_tag, core::as_bytes(each)));
  }
  return new_extension(oid::subject_alt_name, critical, sequence_of(all));
}

DerBytes new_subject_key_id(core::ByteView id) {
  return new_extension(oid::subject_key_id, false, der_octets(id));
}

DerBytes new_authority_key_id(core::ByteView id) {
  const DerBytes key_id = der_value(codec::context_tag(0, false), id);
  return new_extension(oid::authority_key_id, false, der_sequence({key_id}));
}

DerBytes key_id_of(core::ByteView spki) {
  constexpr std::size_t size = 20;
  const auto key_bits = [&]() -> core::Result<core::ByteView> {
    codec::DerReader reader(TRY(codec::der_whole(spki, DerTag::Sequence)).content);
    TRY(reader.element(DerTag::Sequence));
    return reader.bit_string();
  };
  const auto bits = key_bits();
  MERLON_CHECK(bits.has_value());
  const crypto::Sha256Digest digest = crypto::sha256({*bits});
  return bytes_of(digest.view().first(size));
}

DerBytes to_be_signed(const NewCertificate& made, SignatureAlgorithm algorithm) {
  return der_sequence(
      {der_explicit(0, der_integer(std::uint64_t{2})),  // version 3
       der_integer(core::ByteView(made.serial)), algorithm_identifier(algorithm), name(made.issuer),
       der_sequence({der_time(made.not_before), der_time(made.not_after)}), name(made.subject),
       made.key,
       made.extensions.empty() ? DerBytes{} : der_explicit(3, sequence_of(made.extensions))});
}

DerBytes to_be_signed(const NewCrl& made, SignatureAlgorithm algorithm) {
  std::vector<DerBytes> revoked;
  for (const DerBytes& serial : made.serials) {
    revoked.push_back(
        der_sequence({der_integer(core::ByteView(serial)), der_time(made.this_update)}));
  }
  const DerBytes number = new_extension(oid::crl_number, false, der_integer(made.number));
  return der_sequence({der_integer(std::uint64_t{1}),  // version 2
                       algorithm_identifier(algorithm), name(made.issuer),
                       der_time(made.this_update), der_time(made.next_update),
                       revoked.empty() ? DerBytes{} : sequence_of(revoked),
                       der_explicit(0, der_sequence({number}))});
}

DerBytes to_be_signed(const NewRequest& made) {
  const DerBytes extensions =
      der_sequence({der_oid(oid::extension_request), der_set({sequence_of(made.extensions)})});
  return der_sequence({der_integer(std::uint64_t{0}), name(made.subject), made.key,
                       der_explicit(0, made.extensions.empty() ? DerBytes{} : extensions)});
}

DerBytes with_signature(core::ByteView message, SignatureAlgorithm algorithm,
                        crypto::EcdsaSignature signature) {
  const DerBytes numbers = der_sequence({der_integer(signature.r), der_integer(signature.s)});
  return der_sequence({bytes_of(message), algorithm_identifier(algorithm), der_bits(numbers)});
}

}  // namespace merlon::x509
