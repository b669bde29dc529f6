#pragma once

// What is said to aesmd, Intel's service in front of the quoting enclave: length and one message of
// Protocol Buffers each way over a local stream [INTEL-AESM messages.proto; PROTOBUF encoding]. The
// simulator serves the same in aesmd's place, so whoever launches enclaves speaks with either.
// Both directions are attacker-controlled: bounded, and each field is read once.

#include <cstdint>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::launch {

inline constexpr std::size_t max_aesm_message = 128UL * 1024;

/// The number of the message's field, in requests and in answers.
enum class AesmCommand : std::uint32_t {
  InitQuote = 15,  ///< for whom a report is to be made
  QuoteSize = 16,
  Quote = 17,
  KeyCount = 21,  ///< how many kinds of attestation keys there are
  Keys = 22,
};

/// An attestation key's name, opaque but for its algorithm: 2 is ECDSA on P-256.
inline constexpr std::size_t aesm_key_size = 256;
[[nodiscard]] std::uint32_t algorithm_of(core::ByteView key) noexcept;  ///< of aesm_key_size bytes
inline constexpr std::size_t aesm_algorithm_offset = 154;
inline constexpr std::uint32_t aesm_ecdsa_p256 = 2;

/// What a command has no use for is empty or zero.
struct AesmRequest {
  AesmCommand command = AesmCommand::KeyCount;
  std::vector<std::uint8_t> key = {};     ///< InitQuote, QuoteSize, Quote
  std::vector<std::uint8_t> report = {};  ///< Quote
  bool wants_key_id = false;              ///< InitQuote: not the size of the key's id, but all
  std::uint64_t room = 0;                 ///< InitQuote (0: not said), Quote, Keys
  std::uint32_t timeout = 0;              ///< in microseconds; 0: not said

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// Malformed: no message, fields that are missing, doubled, too large or of another command.
  /// Unsupported: another command.
  [[nodiscard]] static core::Result<AesmRequest> parse(core::ByteView message);
  friend bool operator==(const AesmRequest&, const AesmRequest&) = default;
};

struct AesmAnswer {
  AesmCommand command = AesmCommand::KeyCount;
  std::uint32_t error = 0;                 ///< 0: done
  std::vector<std::uint8_t> content = {};  ///< TARGETINFO, quote, keys one behind the other
  std::uint64_t number = 0;                ///< of the key's id's bytes, the quote's bytes, keys

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// As above, but fields that are not known are passed over: services become newer. Unsupported:
  /// the service does not know the request.
  [[nodiscard]] static core::Result<AesmAnswer> parse(core::ByteView message);
  friend bool operator==(const AesmAnswer&, const AesmAnswer&) = default;
};

/// aesmd's own numbers [INTEL-AESM aesm_error.h].
inline constexpr std::uint32_t aesm_unexpected_error = 1;
inline constexpr std::uint32_t aesm_parameter_error = 3;
inline constexpr std::uint32_t aesm_busy = 18;
/// Its own name for it; "an unknown error" else.
[[nodiscard]] std::string_view aesm_error_name(std::uint32_t error) noexcept;

/// `message` behind its length.
[[nodiscard]] std::vector<std::uint8_t> aesm_frame(core::ByteView message);
/// Of the four bytes in front of a message. Exhausted: more than max_aesm_message.
[[nodiscard]] core::Result<std::size_t> aesm_frame_size(core::ByteView head);

/// Waits for one message. Unavailable: the other end has closed · Malformed: in the middle ·
/// Exhausted.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> receive_aesm_message(os::BorrowedFd channel);

}  // namespace merlon::launch
