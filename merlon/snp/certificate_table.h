#pragma once

// The certificate table of an extended report [GHCB 2.03 §4.1.8.1]. It comes from the host, so it
// is attacker-controlled, and only a cache of what AMD gives out.

#include <array>
#include <span>
#include <string>
#include <vector>

#include "merlon/core/fixed_bytes.h"

namespace merlon::snp {

/// In the order of its text [RFC4122 §4.1.2], as AMD's sev-guest and the clouds write it.
using TableGuid = std::array<std::uint8_t, 16>;

enum class TableEntryKind : std::uint8_t { Vcek, Vlek, Ask, Ark, Crl, Other };

struct TableEntry {
  TableEntryKind kind = TableEntryKind::Other;
  TableGuid guid{};      ///< as it stands there
  core::ByteView bytes;  ///< borrowed
};

/// Entries up to the all-zero one. Malformed if an entry lies outside of `bytes` or the end is
/// missing; Exhausted beyond 32 entries. Entries may overlap: nothing is written to them.
/// GUIDs are known in the order of their text, and in EFI's.
[[nodiscard]] core::Result<std::vector<TableEntry>> parse_certificate_table(core::ByteView bytes);

struct NewTableEntry {
  TableEntryKind kind = TableEntryKind::Vcek;  ///< not Other
  core::ByteView bytes;                        ///< borrowed
};

/// A table of at most 32 entries and 4 GiB, GUIDs in the order of their text, the all-zero entry
/// behind the last and the contents behind that, in the same order.
[[nodiscard]] std::vector<std::uint8_t> certificate_table(std::span<const NewTableEntry> entries);

/// Whether the first entry is a known one; the others need not be well-formed.
[[nodiscard]] bool begins_as_certificate_table(core::ByteView bytes) noexcept;

/// "63da758d-e664-4564-adc5-f4b93be8accd"
[[nodiscard]] std::string guid_text(const TableGuid& guid);

}  // namespace merlon::snp
