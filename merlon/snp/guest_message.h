#pragma once

// Messages between a guest and the security processor [SNP-ABI 1.58 §8.26, table 99 and on]. They
// go through the host, who sees their header and can only lose, repeat or spoil them.
// Little-endian.

#include <vector>

#include "merlon/core/result.h"
#include "merlon/crypto/aes_gcm.h"

namespace merlon::snp {

/// MSG_TYPE; the others are refused.
enum class MessageType : std::uint8_t {
  KeyRequest = 3,
  KeyResponse = 4,
  ReportRequest = 5,
  ReportResponse = 6,
};

inline constexpr std::size_t message_header_size = 0x60;
inline constexpr std::size_t max_message_payload = 4096 - message_header_size;
inline constexpr std::uint8_t vmpck_count = 4;

struct GuestMessage {
  MessageType type = MessageType::ReportRequest;
  /// MSG_SEQNO. It is the nonce: the guest's messages have odd numbers, the answer to n is n + 1,
  /// and no number is ever sealed twice with one key.
  std::uint64_t sequence = 0;
  std::uint8_t vmpck = 0;  ///< which of the guest's four keys
  std::vector<std::uint8_t> payload;
};

/// Header and encrypted payload. The payload has at most max_message_payload bytes and the key is
/// not wiped: the caller's promise.
[[nodiscard]] std::vector<std::uint8_t> seal(const crypto::AesGcmKey& key,
                                             const GuestMessage& message);

/// A message from the other side, perhaps with bytes behind it, as pages have. Input is not
/// trusted; nothing of it is believed before its tag holds.
///
/// Malformed: a header that no firmware writes, a size beyond the bytes. Denied: the tag does not
/// hold.
[[nodiscard]] core::Result<GuestMessage> open(const crypto::AesGcmKey& key, core::ByteView bytes);

}  // namespace merlon::snp
