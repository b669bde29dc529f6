#pragma once

// Why a request is not answered as it was meant: for Enarx's keeps an empty body, for who asks for
// it the reason [RFC9457].

#include <optional>
#include <string>
#include <string_view>

#include "merlon/http/message.h"
#include "merlon/steward/authority.h"

namespace merlon::steward_service {

inline constexpr std::string_view problem_type = "application/problem+json";
/// Where this service explains its codes; "#CODE" behind it names one.
inline constexpr std::string_view errors_path = "/docs/errors.md";

struct Problem {
  unsigned status = 500;
  std::string code;   ///< stable, in docs/errors.md
  std::string title;  ///< a sentence
  std::string wanted{};
  std::string got{};
  std::optional<std::size_t> request{};   ///< which of a bundle
  std::optional<unsigned> retry_after{};  ///< seconds
};

[[nodiscard]] Problem problem_of(const steward::Refusal& refusal, steward::RequestForm form);

/// Of what the server refuses by itself, before the handler: 408, 413, 429, 431, 503 …
[[nodiscard]] Problem problem_of_status(unsigned status, std::string_view why);

/// With a body if `request` names problem_type among what it accepts.
[[nodiscard]] http::Response answer(const Problem& problem, const http::Request& request);

}  // namespace merlon::steward_service
