#pragma once

// The keys under which an issuer gives credentials, as everybody gets them: a log that only grows,
// in which each record names the one before, so that an issuer with a key of its own for one keep
// has to show that keep another log than others, and cannot go back from there. One key is for one
// policy and one epoch; its record is the public context of all credentials under it. Pure. Records
// are the issuer's word, and nothing but their form and their order is checked here.

#include <span>
#include <string>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/crypto/hash.h"
#include "merlon/zk/arc.h"

namespace merlon::credential {

using Bytes = std::vector<std::uint8_t>;
/// Of a whole record; names its key, and all that the log had before it.
using KeyId = core::FixedBytes<struct KeyIdTag, 32>;

struct KeyRecord {
  static constexpr std::size_t max_issuer_size = 255;

  std::uint64_t number = 0;     ///< in the log, from 0
  KeyId before;                 ///< of record `number` - 1; zeros of the first
  std::string issuer;           ///< 1 to 255 printable characters of ASCII
  crypto::Sha256Digest policy;  ///< of the policy's file, by which keeps are judged
  std::uint64_t epoch = 0;      ///< rises from one record of a policy to the next
  codec::UnixTime not_before;
  codec::UnixTime not_after;  ///< the first second in which it counts no more
  /// Simulators get credentials under it: they prove nothing.
  bool development = false;
  std::uint32_t limit = 2;  ///< how often a credential may be shown in one context, from 2
  zk::ArcPublicKey key;

  /// "MRLNCRED", 1 in 4 bytes; number, before, policy, epoch, not_before, not_after, limit,
  /// 1 byte development; the issuer's size in 1 byte and its characters; the key. Numbers least
  /// significant byte first.
  [[nodiscard]] core::Result<Bytes> encode() const;
  /// Malformed: anything else, also a validity of nothing.
  [[nodiscard]] static core::Result<KeyRecord> parse(core::ByteView bytes);

  [[nodiscard]] bool is_valid_at(codec::UnixTime now) const noexcept {
    return not_before <= now && now < not_after;
  }
};

[[nodiscard]] KeyId key_id(core::ByteView record) noexcept;

/// Records behind each other, each with its size in 4 bytes in front.
class KeyLog {
 public:
  static constexpr std::size_t max_size = std::size_t{256} << 10U;

  struct Entry {
    KeyId id;
    KeyRecord record;
  };

  /// Malformed: a record that is none, or does not follow the one before: another number or id, an
  /// epoch that does not rise within its policy, two keys of one policy for one time, another
  /// issuer. Exhausted: beyond max_size.
  [[nodiscard]] static core::Result<KeyLog> parse(core::ByteView bytes);

  /// Checks that it follows, as parse() does.
  [[nodiscard]] core::Result<void> add(core::ByteView record);

  [[nodiscard]] std::span<const Entry> entries() const noexcept { return entries_; }
  [[nodiscard]] Bytes encode() const { return bytes_; }
  /// The key for that policy at that time; null: there is none.
  [[nodiscard]] const Entry* find(const crypto::Sha256Digest& policy,
                                  codec::UnixTime now) const noexcept;

 private:
  std::vector<Entry> entries_;
  Bytes bytes_;
};

}  // namespace merlon::credential
