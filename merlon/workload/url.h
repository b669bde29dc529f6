#pragma once

// As much of URLs as a workload's configuration needs. Pure; any thread.

#include <string_view>

namespace merlon::workload {

/// Whether `text` names its scheme, and a host where the scheme is one of the web's; no more.
[[nodiscard]] bool is_absolute_url(std::string_view text) noexcept;

/// Whether the scheme of the absolute URL `text` is https, in any case of letters.
[[nodiscard]] bool is_https_url(std::string_view text) noexcept;

}  // namespace merlon::workload
