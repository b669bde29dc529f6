#pragma once

// What all pages for people have in common.

#include <string>
#include <string_view>

#include "merlon/http/message.h"

namespace merlon::steward_service {

/// A whole page around `content`, which is HTML.
[[nodiscard]] std::string page(std::string_view title, std::string_view content);

/// A page as an answer, under a policy by which nothing runs and nothing is loaded but the styles
/// in it [CSP3]: these are named by their digest, so that a text that slipped through could not
/// bring its own.
[[nodiscard]] http::Response html_response(std::string html);

}  // namespace merlon::steward_service
