#pragma once

// What evidence is wrapped in where people hold it: the text forms of tools, the JSON of services,
// the structures of kernels and clouds. One table; each row knows its own form, and the answer
// names those that were taken off. Of two different pieces of evidence in one none is chosen. Input
// is attacker-controlled.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/evidence/endorsements.h"

namespace merlon::evidence {

/// What was in a wrapping.
struct Inside {
  Bytes bytes;
  Endorsements beside;             ///< what stood beside the evidence and vouches for it
  std::vector<std::string> notes;  ///< for people, each a line
};

struct Wrapping {
  std::string_view name;    ///< "base 64"
  std::string_view source;  ///< the document that defines it, or who writes it
  /// Whether it has a mark of its own, so that it is looked for before evidence without a wrapping:
  /// some begin with what could be the version of a report.
  bool marked;
  /// Nothing if the bytes are not this. An error if they are and cannot be taken apart.
  std::optional<core::Result<Inside>> (*unwrap)(core::ByteView bytes);
};

/// In the order in which they are tried: what has a mark of its own before what is known by its
/// letters alone.
[[nodiscard]] std::span<const Wrapping> wrappings() noexcept;

/// How many may lie in one another.
inline constexpr std::size_t max_wrappings = 6;

}  // namespace merlon::evidence
