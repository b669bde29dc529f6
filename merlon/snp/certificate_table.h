#pragma once

// The certificate table of an extended report [GHCB 2.03 §4.1.8.1]. It comes from the host, so it
// is attacker-controlled, and only a cache of what AMD gives out.

#include <vector>

#include "merlon/core/fixed_bytes.h"

namespace merlon::snp {

enum class TableEntryKind : std::uint8_t { Vcek, Vlek, Ask, Ark, Crl, Other };

struct TableEntry {
  TableEntryKind kind = TableEntryKind::Other;
  core::ByteView bytes;  ///< borrowed
};

/// Entries up to the all-zero one. Malformed if an entry lies outside of `bytes` or the end is
/// missing; Exhausted beyond 32 entries. Entries may overlap: nothing is written to them.
[[nodiscard]] core::Result<std::vector<TableEntry>> parse_certificate_table(core::ByteView bytes);

}  // namespace merlon::snp
