#include "merlon/core/reader.h"
#include "merlon/zk/arc.h"

namespace merlon::zk {

using core::ByteView;
using core::Reader;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

Result<Bytes> put(std::initializer_list<const P256Point*> points, ByteView rest = {}) {
  Bytes bytes;
  for (const P256Point* point : points) {
    const auto encoded = TRY(point->encode());
    bytes.insert(bytes.end(), encoded.view().begin(), encoded.view().end());
  }
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return bytes;
}

Result<void> take(Reader& reader, std::initializer_list<P256Point*> points) {
  for (P256Point* point : points) {
    *point = TRY(P256Point::decode(TRY(reader.bytes(P256Point::size))));
  }
  return {};
}

Bytes rest_of(Reader& reader) {
  const ByteView rest = reader.bytes(reader.remaining()).value();
  return {rest.begin(), rest.end()};
}

Result<Reader> sized(ByteView bytes, std::size_t size) {
  if (bytes.size() != size) {
    return core::error(core::ErrorCode::Malformed, "a message of another size", bytes.size());
  }
  return Reader(bytes);
}

}  // namespace

Result<Bytes> ArcPublicKey::encode() const { return put({&x0, &x1, &x2}); }

Result<ArcPublicKey> ArcPublicKey::decode(ByteView bytes) {
  Reader reader = TRY(sized(bytes, size));
  ArcPublicKey key;
  TRY(take(reader, {&key.x0, &key.x1, &key.x2}));
  return key;
}

Bytes ArcPrivateKey::encode() const {
  Bytes bytes;
  bytes.reserve(size);
  for (const P256Scalar* scalar : {&x0, &x1, &x2, &x0_blinding}) {
    const auto encoded = scalar->encode();
    bytes.insert(bytes.end(), encoded.view().begin(), encoded.view().end());
  }
  return bytes;
}

Result<ArcPrivateKey> ArcPrivateKey::decode(ByteView bytes) {
  Reader reader = TRY(sized(bytes, size));
  ArcPrivateKey key;
  for (P256Scalar* scalar : {&key.x0, &key.x1, &key.x2, &key.x0_blinding}) {
    *scalar = TRY(P256Scalar::decode(TRY(reader.bytes(P256Scalar::size))));
    if (scalar->is_zero()) return core::error(core::ErrorCode::Malformed, "a key of zero");
  }
  return key;
}

Result<Bytes> ArcRequest::encode() const { return put({&m1_encrypted, &m2_encrypted}, proof); }

Result<ArcRequest> ArcRequest::decode(ByteView bytes) {
  Reader reader = TRY(sized(bytes, size));
  ArcRequest request;
  TRY(take(reader, {&request.m1_encrypted, &request.m2_encrypted}));
  request.proof = rest_of(reader);
  return request;
}

Result<Bytes> ArcResponse::encode() const {
  return put({&u, &u_prime_encrypted, &x0_aux, &x1_aux, &x2_aux, &h_aux}, proof);
}

Result<ArcResponse> ArcResponse::decode(ByteView bytes) {
  Reader reader = TRY(sized(bytes, size));
  ArcResponse response;
  TRY(take(reader, {&response.u, &response.u_prime_encrypted, &response.x0_aux, &response.x1_aux,
                    &response.x2_aux, &response.h_aux}));
  response.proof = rest_of(reader);
  return response;
}

std::size_t ArcPresentation::size(std::uint64_t limit) noexcept {
  const std::size_t bits = bits_of(limit);
  return (5 + bits) * P256Point::size + (6 + 3 * bits) * P256Scalar::size;
}

Result<Bytes> ArcPresentation::encode() const {
  Bytes bytes = TRY(put({&u, &u_prime_commitment, &m1_commitment, &tag, &nonce_commitment}));
  for (const P256Point& commitment : bit_commitments) {
    const auto encoded = TRY(commitment.encode());
    bytes.insert(bytes.end(), encoded.view().begin(), encoded.view().end());
  }
  bytes.insert(bytes.end(), proof.begin(), proof.end());
  return bytes;
}

Result<ArcPresentation> ArcPresentation::decode(ByteView bytes, std::uint64_t limit) {
  Reader reader = TRY(sized(bytes, size(limit)));
  ArcPresentation made;
  TRY(take(reader, {&made.u, &made.u_prime_commitment, &made.m1_commitment, &made.tag,
                    &made.nonce_commitment}));
  for (std::size_t left = bits_of(limit); left > 0; --left) {
    made.bit_commitments.emplace_back();
    TRY(take(reader, {&made.bit_commitments.back()}));
  }
  made.proof = rest_of(reader);
  return made;
}

}  // namespace merlon::zk
