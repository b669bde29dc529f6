#pragma once

// What a request is refused with: a status and a sentence, where there is one in Enarx' words.

#include <string>

#include "merlon/core/result.h"
#include "merlon/database/database.h"
#include "merlon/http/message.h"

namespace merlon::drawbridge {

struct Refusal {
  unsigned status = 500;
  std::string text;
};

template <typename T>
using Result = core::Result<T, Refusal>;

/// Texts that Enarx' clients may know [ENARX drawbridge 0.4 crates/server/src/store].
inline constexpr std::string_view not_found = "Not found";
inline constexpr std::string_view no_repository = "Repository does not exist";
inline constexpr std::string_view exists = "Already exists";
inline constexpr std::string_view backend_failure = "Storage backend failure";
inline constexpr std::string_view removing =
    "Contents are being removed; one request of a user's does that at a time: again later";

[[nodiscard]] inline Refusal refuse(unsigned status, std::string_view text) {
  return {status, std::string(text)};
}
/// 507 where there is no room, 503 where another try may do, else 500; what broke is not told.
[[nodiscard]] Refusal refuse(const database::Failure& failure);

/// In text/plain.
[[nodiscard]] http::Response response_of(const Refusal& refusal);

}  // namespace merlon::drawbridge
