#pragma once

// The routes of a registry for programs that read OpenAPI 3.0, as it serves them at /openapi.json.

#include <string_view>

namespace merlon::drawbridge {

[[nodiscard]] std::string_view openapi() noexcept;

}  // namespace merlon::drawbridge
