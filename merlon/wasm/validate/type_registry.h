#pragma once

// Which defined types are the same: iso-recursive canonicalisation of [WASM 3.0 §3.1, type
// equivalence]. The validator uses one for a module, an engine one for all of its modules.

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "merlon/wasm/binary/types.h"

namespace merlon::wasm {

using CanonicalType = std::uint32_t;

/// Gives equal ids to equal types. Not for use by two threads at once.
class TypeRegistry {
 public:
  /// One id for each of `types`, whose references must be in range (as the decoder ensures).
  /// Linear in the size of the types but for the search among known groups (logarithmic).
  [[nodiscard]] std::vector<CanonicalType> add(const std::vector<DefinedType>& types);

  /// True if `sub` is `super` or declares it as an ancestor.
  [[nodiscard]] bool is_subtype(CanonicalType sub, CanonicalType super) const noexcept;
  [[nodiscard]] bool is_final(CanonicalType type) const noexcept { return entries_[type].final; }

 private:
  struct Entry {
    std::optional<CanonicalType> supertype;
    bool final = true;
  };

  std::map<std::vector<std::uint64_t>, CanonicalType> groups_;
  std::vector<Entry> entries_;
};

}  // namespace merlon::wasm
