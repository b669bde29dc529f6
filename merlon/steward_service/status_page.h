#pragma once

// A page for people: how this Steward is, and a form for evidence that one wants judged.

#include <string>

#include "merlon/http/server.h"
#include "merlon/steward_service/generation.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {

inline constexpr std::string_view upload_field = "evidence";

struct StatusFacts {
  const Generation& generation;
  Statistics::Counts counts;
  http::Counters server;
  codec::UnixTime started;
  codec::UnixTime now;
  std::string trouble;  ///< with what was uploaded; empty: nothing was
};

[[nodiscard]] std::string status_page(const StatusFacts& facts);

}  // namespace merlon::steward_service
