#pragma once

// Private to the room: refusals made, from rows of refusals.def or of an appraisal.

#include <span>
#include <string_view>

#include "merlon/steward/authority.h"

namespace merlon::steward {

/// The rows of refusals.def.
enum class Reason : std::uint8_t {
#define MERLON_REFUSAL_ROW(id, code, kind, wanted) id,
#include "merlon/steward/refusals.def"
#undef MERLON_REFUSAL_ROW
};

/// What the requests are refused for, with what was found; that is made harmless.
[[nodiscard]] Refusal refuse(Reason reason, std::string_view got, std::size_t request = 0);

/// Of an appraisal that does not accept: the first check that says no for certain. Where something
/// is missing or stale that the vendor would give, checks that hang on it say nothing for certain,
/// and without another one the answer is to ask again later.
[[nodiscard]] Refusal refuse(const verify::Appraisal& appraisal, std::size_t request);

/// Whether some check says no that no endorsement would change.
[[nodiscard]] bool is_certain(const verify::Appraisal& appraisal) noexcept;

}  // namespace merlon::steward
