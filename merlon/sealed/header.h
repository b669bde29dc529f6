#pragma once

// What stands before a volume's index, in clear, and authenticated as a whole by it. It names no
// algorithm: version 1 is AES-256-GCM and HKDF-SHA256, and nothing else.
//
//   offset  size
//        0     8  magic "MRLNVOLU"
//        8     4  version, 1
//       12     4  zero
//       16    16  the volume's name among all: random
//       32     1  root [RootKind]
//       33     1  binding [Binding]
//       34     1  1: there is a recovery slot; else 0
//       35     5  zero
//       40     8  epoch of the volume's keys
//       48     4  SVN of the keep that sealed it
//       52     4  zero
//       56     8  fields that are mixed into the platform's key
//       64    16  TCB of the platform that sealed it
//       80     8  check of the platform's key
//       88     8  check of the platform's key, tenant and name
//       96    60  platform slot: nonce (12), the volume's key sealed (32), tag (16)
//      156    60  recovery slot, likewise; zeros if there is none
//      216    32  salt of the index's key
//      248     8  size of the index that follows, without its tag
//      256        the index, sealed (docs/sealed-storage.md)
//
// Integers are little-endian. Attacker-controlled until a slot, and then the index, has opened.

#include <array>
#include <vector>

#include "merlon/sealed/wanted.h"

namespace merlon::sealed {

using Salt = core::FixedBytes<struct IndexSaltTag, 32>;
/// Tells people which part of a key is another; no key is chosen by it.
using KeyCheck = core::FixedBytes<struct KeyCheckTag, 8>;
/// The volume's key under a key of somebody's.
using Slot = core::FixedBytes<struct SlotTag, 60>;

struct Header {
  static constexpr std::size_t size = 256;
  /// Both slots are sealed with this much beside them.
  static constexpr std::size_t common_size = 96;

  VolumeId id;
  RootKind root = RootKind::None;
  Binding binding = Binding::Tenant;
  bool has_recovery = false;
  std::uint64_t epoch = 0;
  Versions versions;
  KeyCheck platform_check;
  KeyCheck tenant_check;
  Slot platform_slot;
  Slot recovery_slot;
  Salt salt;
  std::uint64_t index_size = 0;

  [[nodiscard]] std::vector<std::uint8_t> bytes() const;
  /// The part that slots are sealed with.
  [[nodiscard]] std::vector<std::uint8_t> common() const;

  /// Of the first `size` bytes. Malformed: no header, or bytes that are not zero where they must
  /// be. Unsupported: another version.
  [[nodiscard]] static core::Result<Header> parse(core::ByteView bytes);
};

}  // namespace merlon::sealed
