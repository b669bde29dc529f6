#include "merlon/snp/certificate_table.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"

namespace merlon::snp {

using core::ErrorCode;

namespace {

struct KnownGuid {
  TableGuid guid;
  TableEntryKind kind;
};

constexpr std::array<KnownGuid, 5> known_guids{{
    {{0x63, 0xDA, 0x75, 0x8D, 0xE6, 0x64, 0x45, 0x64, 0xAD, 0xC5, 0xF4, 0xB9, 0x3B, 0xE8, 0xAC,
      0xCD},
     TableEntryKind::Vcek},
    {{0xA8, 0x07, 0x4B, 0xC2, 0xA2, 0x5A, 0x48, 0x3E, 0xAA, 0xE6, 0x39, 0xC0, 0x45, 0xA0, 0xB8,
      0xA1},
     TableEntryKind::Vlek},
    {{0x4A, 0xB7, 0xB3, 0x79, 0xBB, 0xAC, 0x4F, 0xE4, 0xA0, 0x2F, 0x05, 0xAE, 0xF3, 0x27, 0xC7,
      0x82},
     TableEntryKind::Ask},
    {{0xC0, 0xB4, 0x06, 0xA4, 0xA8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3F, 0xB6, 0x01, 0x4C, 0xD0,
      0xAE},
     TableEntryKind::Ark},
    {{0x92, 0xF8, 0x1B, 0xC3, 0x58, 0x11, 0x4D, 0x3D, 0x97, 0xFF, 0xD1, 0x9F, 0x88, 0xDC, 0x67,
      0xEA},
     TableEntryKind::Crl},
}};

/// The other order in which GUIDs are written, by EFI: the first three groups with their least
/// significant byte first.
constexpr TableGuid in_efi_order(const TableGuid& guid) noexcept {
  TableGuid other = guid;
  for (const auto& [from, count] : {std::pair{0, 4}, std::pair{4, 2}, std::pair{6, 2}}) {
    std::reverse(other.begin() + from, other.begin() + from + count);
  }
  return other;
}

TableEntryKind kind_of(const TableGuid& guid) noexcept {
  const auto* const known = std::ranges::find_if(known_guids, [&](const KnownGuid& each) {
    return each.guid == guid || in_efi_order(each.guid) == guid;
  });
  return known == known_guids.end() ? TableEntryKind::Other : known->kind;
}

constexpr std::size_t entry_size = 16 + 4 + 4;
constexpr std::size_t max_entries = 32;

core::Error no_table(core::ByteView bytes) noexcept {
  return core::error(ErrorCode::Malformed,
                     "behind a report stands something that is no certificate table", bytes.size());
}

}  // namespace

core::Result<std::vector<TableEntry>> parse_certificate_table(core::ByteView bytes) {
  std::vector<TableEntry> entries;
  core::Reader reader(bytes);
  for (;;) {
    if (reader.remaining() < entry_size) {
      return entries.empty() ? no_table(bytes)
                             : core::error(ErrorCode::Malformed,
                                           "a certificate table without its end", reader.offset());
    }
    TableGuid guid{};
    std::ranges::copy(TRY(reader.bytes(guid.size())), guid.begin());
    const std::uint32_t offset = TRY(reader.u32());
    const std::uint32_t size = TRY(reader.u32());
    const bool zero = std::ranges::all_of(guid, [](std::uint8_t byte) { return byte == 0; });
    if (zero && offset == 0 && size == 0) return entries;
    if (entries.size() == max_entries) {
      return core::error(ErrorCode::Exhausted, "more than 32 entries in a certificate table");
    }
    const TableEntryKind kind = kind_of(guid);
    if (offset > bytes.size() || size > bytes.size() - offset) {
      // Of a table that is cut off the first entry is a known one; anything else is other bytes.
      if (entries.empty() && kind == TableEntryKind::Other) return no_table(bytes);
      return core::error(ErrorCode::Malformed, "an entry outside of the certificate table", offset);
    }
    entries.push_back({kind, guid, bytes.subspan(offset, size)});
  }
}

std::vector<std::uint8_t> certificate_table(std::span<const NewTableEntry> entries) {
  MERLON_CHECK(entries.size() <= max_entries);
  base::ByteWriter writer;
  std::size_t offset = (entries.size() + 1) * entry_size;
  for (const NewTableEntry& entry : entries) {
    const auto* const known = std::ranges::find(known_guids, entry.kind, &KnownGuid::kind);
    MERLON_CHECK(known != known_guids.end());
    MERLON_CHECK(offset + entry.bytes.size() <= std::numeric_limits<std::uint32_t>::max());
    writer.bytes(known->guid);
    writer.u32(static_cast<std::uint32_t>(offset));
    writer.u32(static_cast<std::uint32_t>(entry.bytes.size()));
    offset += entry.bytes.size();
  }
  writer.bytes(std::array<std::uint8_t, entry_size>{});
  for (const NewTableEntry& entry : entries) writer.bytes(entry.bytes);
  return writer.take();
}

bool begins_as_certificate_table(core::ByteView bytes) noexcept {
  TableGuid guid{};
  if (bytes.size() < guid.size()) return false;
  std::ranges::copy(bytes.first(guid.size()), guid.begin());
  return kind_of(guid) != TableEntryKind::Other;
}

std::string guid_text(const TableGuid& guid) {
  const std::string digits = base::hex(guid);
  return base::concat(digits.substr(0, 8), "-", digits.substr(8, 4), "-", digits.substr(12, 4), "-",
                      digits.substr(16, 4), "-", digits.substr(20));
}

}  // namespace merlon::snp
