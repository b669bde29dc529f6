#pragma once

// A file's attributes and times between the sallyport's records and Linux's structures.

#include <cstdint>
#include <optional>

#include "merlon/sallyport/item.h"
#include "merlon/shim/linux/abi.h"

namespace merlon::shim::linux {

/// Writes the host's record as a struct stat to the keep's memory.
[[nodiscard]] abi::SystemResult put_status(std::uint64_t address,
                                           const sallyport::Status& status) noexcept;

/// The two timespecs at `address`; both are "now" when there is none. Nothing: not the keep's.
[[nodiscard]] std::optional<sallyport::Times> times_at(std::uint64_t address) noexcept;

}  // namespace merlon::shim::linux
