#pragma once

// Counts as text for Prometheus (text format 0.0.4).

#include <string>

#include "merlon/http/server.h"
#include "merlon/steward_service/generation.h"
#include "merlon/steward_service/records.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {

inline constexpr std::string_view metrics_type = "text/plain; version=0.0.4; charset=utf-8";

[[nodiscard]] std::string metrics_text(const Statistics::Counts& counts,
                                       const http::Counters& server, const Generation& generation,
                                       const std::optional<LogState>& log, codec::UnixTime started);

}  // namespace merlon::steward_service
