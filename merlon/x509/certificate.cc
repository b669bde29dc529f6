#include "merlon/x509/certificate.h"

#include <algorithm>

#include "merlon/x509/name.h"

namespace merlon::x509 {

using codec::DerReader;
using codec::DerTag;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

bool is_processed(const Extension& extension) noexcept {
  // Processed, or harmless where no policy or name constraint of the path asks for them.
  return oid::basic_constraints.is(extension.oid) || oid::key_usage.is(extension.oid) ||
         oid::subject_key_id.is(extension.oid) || oid::authority_key_id.is(extension.oid) ||
         oid::crl_distribution_points.is(extension.oid) || oid::subject_alt_name.is(extension.oid);
}

}  // namespace

Result<Certificate> Certificate::parse(ByteView given) {
  if (given.size() > max_certificate_size) {
    return core::error(ErrorCode::Exhausted, "certificate larger than 64 KiB", given.size());
  }
  auto der = std::make_shared<const std::vector<std::uint8_t>>(given.begin(), given.end());
  DerReader outer(TRY(codec::der_whole(*der, DerTag::Sequence)).content);
  const codec::DerElement tbs = TRY(outer.element(DerTag::Sequence));
  const codec::DerElement algorithm = TRY(outer.element(DerTag::Sequence));
  const ByteView signature = TRY(outer.bit_string());
  TRY(outer.finish());

  DerReader body(tbs.content);
  DerReader version = TRY(body.enter(codec::context_tag(0, true)));
  if (TRY(version.number()) != 2) {
    return core::error(ErrorCode::Unsupported, "a certificate that is not version 3");
  }
  TRY(version.finish());
  const ByteView serial = TRY(body.integer());
  if (serial.size() > 21) return core::error(ErrorCode::Malformed, "serial number too long");
  const codec::DerElement inner_algorithm = TRY(body.element(DerTag::Sequence));
  if (!std::ranges::equal(inner_algorithm.whole, algorithm.whole)) {
    return core::error(ErrorCode::Malformed, "two signature algorithms in one certificate");
  }
  const ByteView issuer = TRY(body.element(DerTag::Sequence)).whole;
  DerReader validity = TRY(body.enter(DerTag::Sequence));
  const codec::UnixTime not_before = TRY(validity.time());
  const codec::UnixTime not_after = TRY(validity.time());
  TRY(validity.finish());
  const ByteView subject = TRY(body.element(DerTag::Sequence)).whole;
  const ByteView spki = TRY(body.element(DerTag::Sequence)).whole;

  Certificate made(TRY(parse_subject_key(spki)));
  if (!body.at_end()) {
    DerReader wrapper = TRY(body.enter(codec::context_tag(3, true)));
    made.extensions_ = TRY(parse_extensions(TRY(wrapper.enter(DerTag::Sequence))));
    TRY(wrapper.finish());
  }
  TRY(body.finish());  // unique ids end here as well
  made.signed_ = {tbs.whole, TRY(parse_algorithm(algorithm.whole)), signature};
  made.serial_ = serial;
  made.issuer_ = issuer;
  made.subject_ = subject;
  made.common_name_ = x509::common_name(subject);
  made.validity_ = {not_before, not_after};
  TRY(made.read_extensions());
  made.der_ = std::move(der);
  return made;
}

Result<void> Certificate::read_extensions() {
  for (const Extension& extension : extensions_) {
    if (extension.critical && !is_processed(extension)) unknown_critical_ = true;
    if (oid::basic_constraints.is(extension.oid)) {
      basic_constraints_ = TRY(parse_basic_constraints(extension.value));
    }
    if (oid::key_usage.is(extension.oid)) {
      DerReader reader(extension.value);
      key_usage_ = TRY(reader.named_bits());
      TRY(reader.finish());
    }
  }
  return {};
}

bool Certificate::is_self_issued() const noexcept { return std::ranges::equal(issuer_, subject_); }

}  // namespace merlon::x509
