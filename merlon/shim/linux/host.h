#pragma once

// The host, as a shim asks it through its port, and the end of a keep. What the host answers is
// judged by the port; who breaks the rules ends the keep.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/guest/port.h"
#include "merlon/shim/linux/machine.h"

namespace merlon::shim::linux {

/// Ends the keep after an error of the host or of our own; `what` is told to the user if the host
/// still listens.
[[noreturn]] void give_up(const char* what, const char* about = "") noexcept;

/// Ends the keep as one that crashed.
[[noreturn]] void crash(const char* what, const char* about = "") noexcept;

/// Ends the keep with `status`, as exit_group() does.
[[noreturn]] void end_keep(std::uint64_t status) noexcept;

/// An answer of the host, or the end of the keep if the host broke the rules. A number below zero
/// is minus an errno.
[[nodiscard]] std::int64_t answer_of(sallyport::Call call,
                                     sallyport::Answer<std::uint64_t> answer) noexcept;

/// Asks without bytes in either direction.
[[nodiscard]] std::int64_t ask(sallyport::Call call, sallyport::Arguments arguments) noexcept;
/// Sends bytes; they fit into the block.
[[nodiscard]] std::int64_t ask_sending(sallyport::Call call, sallyport::Arguments arguments,
                                       core::ByteView bytes) noexcept;
/// Receives bytes; they fit into the block.
[[nodiscard]] std::int64_t ask_receiving(sallyport::Call call, sallyport::Arguments arguments,
                                         core::ByteSpan into) noexcept;

}  // namespace merlon::shim::linux
