#include "merlon/x509/csr.h"

namespace merlon::x509 {

using codec::DerReader;
using codec::DerTag;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

/// Attributes: none, or one extensionRequest with one value. [RFC2985 §5.4.2]
Result<std::vector<Extension>> read_attributes(DerReader attributes) {
  if (attributes.at_end()) return std::vector<Extension>{};
  DerReader attribute = TRY(attributes.enter(DerTag::Sequence));
  TRY(attributes.finish());
  if (!oid::extension_request.is(TRY(attribute.oid()))) {
    return core::error(ErrorCode::Unsupported, "an attribute that is no extensionRequest");
  }
  DerReader values = TRY(attribute.enter(DerTag::Set));
  TRY(attribute.finish());
  auto extensions = TRY(parse_extensions(TRY(values.enter(DerTag::Sequence))));
  TRY(values.finish());
  return extensions;
}

}  // namespace

Result<CertificateRequest> CertificateRequest::parse(ByteView given) {
  if (given.size() > max_request_size) {
    return core::error(ErrorCode::Exhausted, "request larger than 2 MiB", given.size());
  }
  auto der = std::make_shared<const std::vector<std::uint8_t>>(given.begin(), given.end());
  DerReader outer(TRY(codec::der_whole(*der, DerTag::Sequence)).content);
  const codec::DerElement info = TRY(outer.element(DerTag::Sequence));
  const auto algorithm = TRY(parse_algorithm(TRY(outer.element(DerTag::Sequence)).whole));
  const ByteView signature = TRY(outer.bit_string());
  TRY(outer.finish());

  DerReader body(info.content);
  if (TRY(body.number()) != 0) {
    return core::error(ErrorCode::Unsupported, "a request that is not version 1");
  }
  const ByteView subject = TRY(body.element(DerTag::Sequence)).whole;
  CertificateRequest made(TRY(parse_subject_key(TRY(body.element(DerTag::Sequence)).whole)));
  made.extensions_ = TRY(read_attributes(TRY(body.enter(codec::context_tag(0, true)))));
  TRY(body.finish());
  made.signed_ = {info.whole, algorithm, signature};
  made.subject_ = subject;
  made.der_ = std::move(der);
  return made;
}

}  // namespace merlon::x509
