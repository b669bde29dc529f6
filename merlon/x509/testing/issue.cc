#include "merlon/x509/testing/issue.h"

namespace merlon::x509::testing {

using codec::DerTag;
using codec::testing::bit_string;
using codec::testing::boolean;
using codec::testing::der;
using codec::testing::integer;
using codec::testing::join;
using codec::testing::name;
using codec::testing::octets;
using codec::testing::sequence;

Bytes extension(const codec::Oid& oid, bool critical, const Bytes& value) {
  return critical ? sequence({codec::testing::oid(oid), boolean(true), octets(value)})
                  : sequence({codec::testing::oid(oid), octets(value)});
}

CertificateTemplate ca_template(std::string subject, std::string issuer) {
  CertificateTemplate shape;
  shape.subject = std::move(subject);
  shape.issuer = std::move(issuer);
  shape.ca = true;
  shape.key_usage = usage_ca;
  return shape;
}

Bytes algorithm_of(const SigningKey& key) {
  constexpr codec::Oid sha256{1, 2, 840, 10045, 4, 3, 2};
  constexpr codec::Oid sha384{1, 2, 840, 10045, 4, 3, 3};
  return sequence({codec::testing::oid(key.kind() == crypto::KeyKind::P256 ? sha256 : sha384)});
}

Bytes sign_structure(const Bytes& message, const SigningKey& key) {
  return sequence({message, algorithm_of(key), bit_string(key.sign_der(message))});
}

namespace {

Bytes extensions_of(const CertificateTemplate& shape) {
  Bytes all;
  const auto add = [&](const Bytes& one) { all.insert(all.end(), one.begin(), one.end()); };
  if (shape.ca) {
    Bytes content = *shape.ca ? boolean(true) : Bytes{};
    if (shape.path_length) content = join({content, integer(*shape.path_length)});
    add(extension(oid::basic_constraints, true, der(DerTag::Sequence, content)));
  }
  if (shape.key_usage) {
    unsigned unused = 0;
    while ((std::uint32_t{*shape.key_usage} >> unused & 1U) == 0) ++unused;
    add(extension(oid::key_usage, true,
                  der(DerTag::BitString, {static_cast<std::uint8_t>(unused), *shape.key_usage})));
  }
  for (const Bytes& one : shape.extensions) add(one);
  return all;
}

}  // namespace

Bytes issue(const CertificateTemplate& shape, const Bytes& spki, const SigningKey& issuer_key) {
  Bytes tbs = join(
      {der(codec::context_tag(0, true), integer(2)), integer(shape.serial),
       algorithm_of(issuer_key), name(shape.issuer),
       sequence({codec::testing::time(shape.not_before), codec::testing::time(shape.not_after)}),
       name(shape.subject), spki});
  const Bytes extensions = extensions_of(shape);
  if (!extensions.empty()) {
    tbs = join({tbs, der(codec::context_tag(3, true), der(DerTag::Sequence, extensions))});
  }
  return sign_structure(der(DerTag::Sequence, tbs), issuer_key);
}

Certificate issued(const CertificateTemplate& shape, const SigningKey& subject_key,
                   const SigningKey& issuer_key) {
  return Certificate::parse(issue(shape, subject_key.spki(), issuer_key)).value();
}

Bytes issue_crl(const CrlTemplate& shape, const SigningKey& issuer_key) {
  Bytes entries;
  for (const std::uint64_t serial : shape.serials) {
    entries = join({entries, sequence({integer(serial), codec::testing::time(shape.this_update)})});
  }
  Bytes tbs =
      join({integer(1), algorithm_of(issuer_key), name(shape.issuer),
            codec::testing::time(shape.this_update), codec::testing::time(shape.next_update)});
  if (!entries.empty()) tbs = join({tbs, der(DerTag::Sequence, entries)});
  Bytes extensions;
  for (const Bytes& one : shape.extensions) extensions = join({extensions, one});
  if (!extensions.empty()) {
    tbs = join({tbs, der(codec::context_tag(0, true), der(DerTag::Sequence, extensions))});
  }
  return sign_structure(der(DerTag::Sequence, tbs), issuer_key);
}

Bytes issue_request(const RequestTemplate& shape, const SigningKey& key) {
  Bytes extensions;
  for (const Bytes& one : shape.extensions) extensions = join({extensions, one});
  const Bytes attribute = sequence({codec::testing::oid(oid::extension_request),
                                    der(DerTag::Set, der(DerTag::Sequence, extensions))});
  return sign_structure(
      sequence({integer(0), sequence({}), key.spki(), der(codec::context_tag(0, true), attribute)}),
      key);
}

}  // namespace merlon::x509::testing
