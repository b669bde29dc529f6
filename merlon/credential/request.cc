#include "merlon/credential/request.h"

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"

namespace merlon::credential {

using core::ByteView;
using core::Result;

namespace {

Bytes labelled(std::string_view label, ByteView first, std::string_view second) {
  base::ByteWriter writer;
  writer.text(label);
  writer.bytes(first);
  writer.text(second);
  return writer.take();
}

}  // namespace

Result<Bytes> Request::encode() const {
  base::ByteWriter writer;
  writer.u32(static_cast<std::uint32_t>(certification.size()));
  writer.bytes(certification);
  writer.bytes(key.view());
  writer.bytes(TRY(request.encode()));
  return writer.take();
}

Result<Request> Request::parse(ByteView bytes) {
  core::Reader reader(bytes);
  const std::uint32_t size = TRY(reader.u32());
  if (size > max_certification_size) {
    return core::error(core::ErrorCode::Exhausted, "a certification request that is too long",
                       size);
  }
  const ByteView certification = TRY(reader.bytes(size));
  const KeyId key = TRY(KeyId::read(reader));
  auto request = TRY(zk::ArcRequest::decode(TRY(reader.bytes(reader.remaining()))));
  return Request{{certification.begin(), certification.end()}, key, std::move(request)};
}

Result<crypto::Sha256Digest> request_digest(const KeyId& key, const zk::ArcRequest& request) {
  const Bytes encoded = TRY(request.encode());
  return crypto::sha256({key.view(), encoded});
}

Result<evidence::ReportData> report_data(ByteView spki, const KeyId& key,
                                         const zk::ArcRequest& request) {
  return evidence::credential_report_data(crypto::sha256({spki}),
                                          TRY(request_digest(key, request)));
}

Bytes request_context(const KeyId& key) {
  return labelled("merlon/credential/v1/", key.view(), "");
}

Bytes presentation_context(const KeyId& key, std::string_view audience) {
  return labelled("merlon/present/v1/", key.view(), audience);
}

}  // namespace merlon::credential
