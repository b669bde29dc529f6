#pragma once

// Why a broker does not do what it was asked. Texts are for people and harmless for a terminal; no
// secret of a tenant's is in them.

#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/verify/appraisal.h"

namespace merlon::release {

/// The rows of refusals.def.
enum class Reason : std::uint8_t {
#define MERLON_REFUSAL_ROW(id, code, kind, wanted) id,
#include "merlon/release/refusals.def"
#undef MERLON_REFUSAL_ROW
};

struct Refusal {
  /// What the other side can do about it.
  enum class Kind : std::uint8_t {
    Malformed,  ///< not of the form that it says
    NoToken,    ///< nobody is known by it
    Forbidden,  ///< a rule says no
    Unknown,
    Gone,      ///< it was there and is not any more
    Conflict,  ///< something came between
    TooLarge,
    TooMany,
    NotNow,    ///< another time it may be done
    Internal,  ///< nothing that who asks is to blame for
  };
  Kind kind = Kind::Internal;
  std::string code;  ///< stable: one of refusals.def, or a check of verify/checks.def
  std::string wanted{};
  std::string got{};
};

template <typename T>
using Outcome = core::Result<T, Refusal>;

[[nodiscard]] Refusal refuse(Reason reason, std::string_view got);

/// Of an appraisal that does not accept: the first check that says no.
[[nodiscard]] Refusal refuse(const verify::Appraisal& appraisal);

}  // namespace merlon::release
