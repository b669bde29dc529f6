#include "merlon/delivery/sealed.h"

#include <algorithm>
#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"

namespace merlon::delivery {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view magic = "MRLNSEAL";
constexpr std::uint32_t version = 1;
constexpr std::size_t signature_size = 64;
constexpr std::size_t tag_size = 16;

Bytes info_of(const crypto::Sha256Digest& evidence, const Nonce& nonce) {
  base::ByteWriter info;
  info.text("merlon/deliver/1");
  info.bytes(evidence.view());
  info.bytes(nonce.view());
  return info.take();
}

/// What the tenant signs: this workload, for this keep, as the answer to this challenge.
crypto::Digest signed_digest(const crypto::Sha256Digest& evidence, const Nonce& nonce,
                             ByteView workload) {
  const auto content = crypto::sha256({workload});
  return crypto::Digest::of(crypto::sha256(
      {core::as_bytes("merlon/signed/v1"), evidence.view(), nonce.view(), content.view()}));
}

Bytes header_of(std::size_t text_size) {
  base::ByteWriter header;
  header.text(magic);
  header.u32(version);
  header.u32(static_cast<std::uint32_t>(text_size));
  return header.take();
}

/// What is inside the seal, and whose it is.
Result<Opened> take_apart(const Recipient& recipient, const crypto::Sha256Digest& evidence,
                          crypto::HpkeOpened opened) {
  core::Reader in(opened.plain.reveal());
  const TenantKey tenant = TRY(TenantKey::read(in));
  const Salt salt = TRY(Salt::read(in));
  const ByteView signature = TRY(in.bytes(signature_size));
  const ByteView content = TRY(in.bytes(in.remaining()));
  if (nonce_of(tenant, salt) != recipient.nonce) {
    return core::error(ErrorCode::Denied, "the delivery is not of the tenant who challenged");
  }
  const auto key = TRY(crypto::PublicKey::ec(crypto::KeyKind::P256, tenant.view()));
  if (!key.verify_ecdsa(signed_digest(evidence, recipient.nonce, content),
                        TRY(crypto::EcdsaSignature::from_halves(signature)))) {
    return core::error(ErrorCode::Denied, "the tenant's signature does not hold");
  }
  auto workload = TRY(decode(content));
  return Opened{std::move(workload), tenant, std::move(opened.exporter)};
}

}  // namespace

Result<Sealed> seal(const Challenge& challenge, ByteView evidence,
                    const crypto::X25519PublicKey& keep, const Workload& workload) {
  const auto digest = crypto::sha256({evidence});
  const Bytes content = TRY(encode(workload));
  const Bytes signature =
      TRY(challenge.key().sign_ecdsa(signed_digest(digest, challenge.nonce(), content)));
  base::ByteWriter inner;
  inner.bytes(challenge.tenant().view());
  inner.bytes(challenge.salt().view());
  inner.bytes(signature);
  inner.bytes(content);
  const crypto::SecretBytes plain(inner.take());
  const Bytes header = header_of(plain.reveal().size() + tag_size);
  auto sealed =
      TRY(crypto::hpke_seal(keep, info_of(digest, challenge.nonce()), header, plain.reveal()));
  base::ByteWriter out;
  out.bytes(header);
  out.bytes(sealed.encapsulated.view());
  out.bytes(sealed.text);
  return Sealed{out.take(), std::move(sealed.exporter)};
}

Result<Opened> open(const crypto::X25519Key& keep, const Recipient& recipient, Bytes&& bytes) {
  Bytes text = std::move(bytes);
  core::Reader in(text);
  const ByteView beside = TRY(in.bytes(sealed_header_size));
  const Bytes header(beside.begin(), beside.end());
  const std::size_t behind = TRY(size_behind(header));
  if (in.remaining() != behind) return core::error(ErrorCode::Malformed, "a delivery was cut");
  const auto encapsulated = TRY(crypto::X25519PublicKey::read(in));
  const auto evidence = crypto::sha256({recipient.evidence});
  text.erase(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(in.offset()));
  auto opened = TRY(crypto::hpke_open(keep, encapsulated, info_of(evidence, recipient.nonce),
                                      header, std::move(text)));
  return take_apart(recipient, evidence, std::move(opened));
}

Result<std::size_t> size_behind(ByteView header) {
  core::Reader in(header);
  if (core::as_text(TRY(in.bytes(magic.size()))) != magic) {
    return core::error(ErrorCode::Malformed, "not a sealed delivery");
  }
  if (const auto given = TRY(in.u32()); given != version) {
    return core::error(ErrorCode::Unsupported, "a delivery of another version", given);
  }
  const std::uint32_t size = TRY(in.u32());
  if (size > max_text_size) return core::error(ErrorCode::Exhausted, "a delivery is too large");
  if (!in.at_end()) return core::error(ErrorCode::Malformed, "a header of another size");
  return crypto::X25519PublicKey::size + std::size_t{size};
}

bool is_one_delivery(ByteView bytes) {
  if (bytes.size() < sealed_header_size) return false;
  const auto behind = size_behind(bytes.first(sealed_header_size));
  return behind && bytes.size() == sealed_header_size + *behind;
}

Result<Bytes> receive(os::BorrowedFd channel) {
  Bytes bytes(sealed_header_size);
  TRY(launch::read_stream(channel, bytes, true));
  bytes.resize(sealed_header_size + TRY(size_behind(bytes)));
  TRY(launch::read_stream(channel, core::ByteSpan(bytes).subspan(sealed_header_size), false));
  return bytes;
}

}  // namespace merlon::delivery
