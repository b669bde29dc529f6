#pragma once

// The private talk of a tenant with his workload: standard input, output and error, what the keep
// has to say, and how it ended, as records that only these two can read or make. Whoever carries
// them can see their sizes and times, hold them back and cut the talk, and nothing else: a record
// that is changed, repeated, left out or out of order is noticed.
//
// The keys are exported from the seal of the delivery [RFC9180 §5.3], one for each direction. A
// record, little-endian:
//
//   offset  size
//        0     4  size of what follows: 1 + content + 16, at most max_record_size
//        4        AES-256-GCM; nonce: number of the record in its direction, from 0, in 12 bytes,
//                 most significant first; beside it the four bytes above; inside: kind u8 · content

#include <cstdint>
#include <optional>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/crypto/aes_gcm.h"
#include "merlon/crypto/hpke.h"

namespace merlon::delivery {

inline constexpr std::size_t max_record_content = std::size_t{32} << 10U;
inline constexpr std::size_t record_overhead = 1 + crypto::gcm_tag_size;
inline constexpr std::size_t max_record_size = max_record_content + record_overhead;

enum class Direction : std::uint8_t { ToKeep, FromKeep };

enum class RecordKind : std::uint8_t {
  // From the keep.
  Taken = 0,   ///< the first one: the delivery was opened; SHA-256 of its module
  Output = 1,  ///< what the workload wrote to standard output
  Errors = 2,  ///< likewise to standard error
  Remark = 3,  ///< a line of the keep's own, UTF-8, as it would stand on standard error
  Ended = 4,   ///< the last one: the exit status, u32
  /// How far the workload's volume has come (volume_mark.h).
  Mark = 5,
  // To the keep.
  Input = 16,     ///< for standard input
  InputEnd = 17,  ///< no more of it; empty
};
/// Who may say it.
[[nodiscard]] Direction direction_of(RecordKind kind) noexcept;

/// What stands in front of one exported key and not of another.
[[nodiscard]] crypto::AesGcmKey record_key(const crypto::HpkeExporter& exporter,
                                           Direction direction);
/// The same as bytes, for who hands one direction on and not the other.
[[nodiscard]] crypto::SecretBytes record_secret(const crypto::HpkeExporter& exporter,
                                                Direction direction);

/// Makes the records of one direction.
class RecordSealer {
 public:
  explicit RecordSealer(crypto::AesGcmKey key) noexcept : key_(std::move(key)) {}

  /// `content` has at most max_record_content bytes. The key is wiped with the last number there
  /// is, which nobody will see.
  [[nodiscard]] std::vector<std::uint8_t> seal(RecordKind kind, core::ByteView content);

 private:
  crypto::AesGcmKey key_;
  std::uint64_t next_ = 0;
};

struct Record {
  RecordKind kind = RecordKind::Remark;
  std::vector<std::uint8_t> content;
};

/// Takes the records of one direction out of a stream that is cut anywhere.
class RecordOpener {
 public:
  RecordOpener(crypto::AesGcmKey key, Direction direction) noexcept
      : key_(std::move(key)), direction_(direction) {}

  /// More of the stream; what waits here is bounded by one record and `bytes`.
  void feed(core::ByteView bytes);
  /// The next record; nothing until more of it has come.
  ///
  /// Errors: Malformed (a size or kind that there is not) · Denied (not made by the other side, or
  /// not the next one). After an error every call gives it again.
  [[nodiscard]] core::Result<std::optional<Record>> next();
  /// Whether the stream may end here.
  [[nodiscard]] bool is_between_records() const noexcept { return waiting_.size() == taken_; }

 private:
  [[nodiscard]] core::Result<std::optional<Record>> take();

  crypto::AesGcmKey key_;
  Direction direction_;
  std::uint64_t next_ = 0;
  std::vector<std::uint8_t> waiting_;
  std::size_t taken_ = 0;  ///< of waiting_
  std::optional<core::Error> broken_;
};

}  // namespace merlon::delivery
