#include "merlon/snp/guest_message.h"

#include <algorithm>

#include "merlon/core/reader.h"

namespace merlon::snp {

using core::ByteView;
using core::ErrorCode;
using core::Result;
using crypto::AesGcmKey;

namespace {

constexpr std::size_t tag_offset = 0x00;
constexpr std::size_t sequence_offset = 0x20;
constexpr std::size_t authentic_offset = 0x30;  // from here on the header is authenticated
constexpr std::uint8_t aes_256_gcm = 1;
constexpr std::uint8_t header_version = 1;
constexpr std::uint8_t message_version = 1;

AesGcmKey::Nonce nonce_of(std::uint64_t sequence) noexcept {
  AesGcmKey::Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[i] = static_cast<std::uint8_t>(sequence >> (8 * i));
  return nonce;
}

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

Result<MessageType> type_of(std::uint8_t number) {
  for (const MessageType type : {MessageType::KeyRequest, MessageType::KeyResponse,
                                 MessageType::ReportRequest, MessageType::ReportResponse}) {
    if (number == static_cast<std::uint8_t>(type)) return type;
  }
  return core::error(ErrorCode::Unsupported, "a guest message of another type", number);
}

Result<void> expect_zeros(core::Reader& reader, std::size_t count) {
  const ByteView bytes = TRY(reader.bytes(count));
  const bool zero = std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
  return zero ? Result<void>() : malformed("reserved bytes of a guest message are not zero");
}

}  // namespace

std::vector<std::uint8_t> seal(const AesGcmKey& key, const GuestMessage& message) {
  MERLON_CHECK(message.payload.size() <= max_message_payload);
  std::vector<std::uint8_t> out(message_header_size, 0);
  const AesGcmKey::Nonce nonce = nonce_of(message.sequence);
  std::copy_n(nonce.begin(), 8, out.begin() + sequence_offset);
  out[0x30] = aes_256_gcm;
  out[0x31] = header_version;
  out[0x32] = message_header_size;
  out[0x34] = static_cast<std::uint8_t>(message.type);
  out[0x35] = message_version;
  out[0x36] = static_cast<std::uint8_t>(message.payload.size());
  out[0x37] = static_cast<std::uint8_t>(message.payload.size() >> 8U);
  out[0x3C] = message.vmpck;
  const auto sealed = key.seal(nonce, ByteView(out).subspan(authentic_offset), message.payload);
  std::ranges::copy(sealed.tag, out.begin() + tag_offset);
  out.insert(out.end(), sealed.text.begin(), sealed.text.end());
  return out;
}

Result<GuestMessage> open(const AesGcmKey& key, ByteView bytes) {
  core::Reader reader(bytes);
  const ByteView tag = TRY(reader.bytes(crypto::gcm_tag_size));
  TRY(expect_zeros(reader, 16));
  GuestMessage message;
  message.sequence = TRY(reader.u64());
  TRY(expect_zeros(reader, 8));
  if (TRY(reader.u8()) != aes_256_gcm || TRY(reader.u8()) != header_version ||
      TRY(reader.u16()) != message_header_size) {
    return malformed("no header of a guest message");
  }
  message.type = TRY(type_of(TRY(reader.u8())));
  if (TRY(reader.u8()) != message_version) return malformed("a guest message of another version");
  const std::size_t size = TRY(reader.u16());
  TRY(expect_zeros(reader, 4));
  message.vmpck = TRY(reader.u8());
  if (message.vmpck >= vmpck_count) return malformed("a guest message of a fifth key");
  TRY(expect_zeros(reader, 35));
  if (size > max_message_payload) return malformed("a guest message longer than a page");
  const ByteView text = TRY(reader.bytes(size));

  AesGcmKey::Tag wanted{};
  std::ranges::copy(tag, wanted.begin());
  const ByteView beside = bytes.subspan(authentic_offset, message_header_size - authentic_offset);
  auto plain = key.open(nonce_of(message.sequence), beside, text, wanted);
  if (!plain) return core::error(ErrorCode::Denied, "a guest message that was altered");
  message.payload = *std::move(plain);
  return message;
}

}  // namespace merlon::snp
