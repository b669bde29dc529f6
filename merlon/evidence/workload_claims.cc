#include "merlon/evidence/workload_claims.h"

#include <array>

#include "merlon/codec/cbor.h"
#include "merlon/codec/der.h"
#include "merlon/codec/der_writer.h"

namespace merlon::evidence {

using codec::CborReader;
using codec::CborWriter;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view media_type = "application/vnd.merlon.workload+cbor";
constexpr std::uint64_t members = 3;

Result<crypto::Sha256Digest> read_member(CborReader& in, std::uint64_t label) {
  if (TRY(in.unsigned_number()) != label) {
    return core::error(ErrorCode::Malformed, "claims of a workload out of order", label);
  }
  return crypto::Sha256Digest::from(TRY(in.bytes()));
}

}  // namespace

Bytes to_extension(const WorkloadClaims& claims) {
  CborWriter content;
  content.map(members);
  std::uint64_t label = 0;
  for (const crypto::Sha256Digest* each : {&claims.tenant, &claims.module, &claims.configuration}) {
    content.unsigned_number(++label);
    content.bytes(each->view());
  }
  CborWriter record;
  record.array(2);
  record.text(media_type);
  record.bytes(content.result());
  return codec::der_octets(record.result());
}

Result<WorkloadClaims> parse_workload_claims(core::ByteView extension) {
  const core::ByteView record =
      TRY(codec::der_whole(extension, codec::DerTag::OctetString)).content;
  CborReader in(record);
  if (TRY(in.array()) != 2 || TRY(in.text()) != media_type) {
    return core::error(ErrorCode::Unsupported,
                       "a message of another type than a workload's claims");
  }
  const core::ByteView content = TRY(in.bytes());
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "behind a message something follows");
  CborReader inner(content);
  if (TRY(inner.map()) != members) {
    return core::error(ErrorCode::Malformed, "a workload has three claims");
  }
  WorkloadClaims claims;
  claims.tenant = TRY(read_member(inner, 1));
  claims.module = TRY(read_member(inner, 2));
  claims.configuration = TRY(read_member(inner, 3));
  if (!inner.at_end()) return core::error(ErrorCode::Malformed, "behind claims something follows");
  return claims;
}

}  // namespace merlon::evidence
