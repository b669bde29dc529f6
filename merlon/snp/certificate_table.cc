#include "merlon/snp/certificate_table.h"

#include <algorithm>

namespace merlon::snp {

using core::ErrorCode;

namespace {

using Guid = std::array<std::uint8_t, 16>;  // first three groups least significant byte first

struct KnownGuid {
  Guid guid;
  TableEntryKind kind;
};

constexpr std::array<KnownGuid, 5> known_guids{{
    {{0x8D, 0x75, 0xDA, 0x63, 0x64, 0xE6, 0x64, 0x45, 0xAD, 0xC5, 0xF4, 0xB9, 0x3B, 0xE8, 0xAC,
      0xCD},
     TableEntryKind::Vcek},
    {{0xC2, 0x4B, 0x07, 0xA8, 0x5A, 0xA2, 0x3E, 0x48, 0xAA, 0xE6, 0x39, 0xC0, 0x45, 0xA0, 0xB8,
      0xA1},
     TableEntryKind::Vlek},
    {{0x79, 0xB3, 0xB7, 0x4A, 0xAC, 0xBB, 0xE4, 0x4F, 0xA0, 0x2F, 0x05, 0xAE, 0xF3, 0x27, 0xC7,
      0x82},
     TableEntryKind::Ask},
    {{0xA4, 0x06, 0xB4, 0xC0, 0x03, 0xA8, 0x52, 0x49, 0x97, 0x43, 0x3F, 0xB6, 0x01, 0x4C, 0xD0,
      0xAE},
     TableEntryKind::Ark},
    {{0xC3, 0x7B, 0xF8, 0x92, 0x11, 0x58, 0x3D, 0x4D, 0x97, 0xFF, 0xD1, 0x9F, 0x88, 0xDC, 0x67,
      0xEA},
     TableEntryKind::Crl},
}};

constexpr std::size_t entry_size = 16 + 4 + 4;

core::Error no_table(core::ByteView bytes) noexcept {
  return core::error(ErrorCode::Malformed,
                     "behind a report stands something that is no certificate table", bytes.size());
}

}  // namespace

core::Result<std::vector<TableEntry>> parse_certificate_table(core::ByteView bytes) {
  constexpr std::size_t max_entries = 32;
  std::vector<TableEntry> entries;
  core::Reader reader(bytes);
  for (;;) {
    if (reader.remaining() < entry_size) {
      return entries.empty() ? no_table(bytes)
                             : core::error(ErrorCode::Malformed,
                                           "a certificate table without its end", reader.offset());
    }
    const core::ByteView guid = TRY(reader.bytes(16));
    const std::uint32_t offset = TRY(reader.u32());
    const std::uint32_t size = TRY(reader.u32());
    const bool zero = std::ranges::all_of(guid, [](std::uint8_t byte) { return byte == 0; });
    if (zero && offset == 0 && size == 0) return entries;
    if (entries.size() == max_entries) {
      return core::error(ErrorCode::Exhausted, "more than 32 entries in a certificate table");
    }
    const auto* known = std::ranges::find_if(
        known_guids, [&](const KnownGuid& each) { return std::ranges::equal(each.guid, guid); });
    if (offset > bytes.size() || size > bytes.size() - offset) {
      // Of a table that is cut off the first entry is a known one; anything else is other bytes.
      if (entries.empty() && known == known_guids.end()) return no_table(bytes);
      return core::error(ErrorCode::Malformed, "an entry outside of the certificate table", offset);
    }
    entries.push_back({known == known_guids.end() ? TableEntryKind::Other : known->kind,
                       bytes.subspan(offset, size)});
  }
}

}  // namespace merlon::snp
