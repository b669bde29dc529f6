#pragma once

// The names of the three worlds, for command lines.

#include <optional>
#include <string_view>

#include "merlon/sallyport/boot.h"

namespace merlon::image {

/// The world called `name`: ring0, collapsed or isolated.
[[nodiscard]] std::optional<sallyport::World> find_world(std::string_view name) noexcept;
[[nodiscard]] std::string_view name_of(sallyport::World world) noexcept;

}  // namespace merlon::image
