#pragma once

// What `create` and the init process say to each other before the container is there: lines.

#include <optional>
#include <string>
#include <string_view>

#include "merlon/os/fd.h"

namespace merlon::container {

namespace word {
inline constexpr std::string_view go = "go";  ///< go on
inline constexpr std::string_view network =
    "network";  ///< I am in my control groups and have my network
inline constexpr std::string_view ready = "ready";      ///< I wait for the start
inline constexpr std::string_view refused = "refused";  ///< "refused STATUS TEXT"
}  // namespace word

/// False: the other side is gone.
bool say(os::BorrowedFd channel, std::string_view line);
/// Nothing: it is gone, or says more than a line may hold.
[[nodiscard]] std::optional<std::string> hear(os::BorrowedFd channel);

}  // namespace merlon::container
