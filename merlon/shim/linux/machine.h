#pragma once

// All that the Linux side of a shim needs of the machine below it. Each shim defines these
// functions, and so does a test: whatever it does by page tables, ports or privileges stands there.

#include <cstdint>
#include <optional>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/guest/port.h"
#include "merlon/shim/linux/abi.h"
#include "merlon/shim/linux/ledger.h"

namespace merlon::shim::linux {

struct Keep;

/// The keep that is served: one, with one thread.
[[nodiscard]] Keep& keep() noexcept;

/// The door to the host.
[[nodiscard]] sallyport::Port& port() noexcept;

/// Lets the keep reach the pages of `range` as `access` says, and no more. Pages that it has keep
/// what they hold; those that are new to it are zero. Without access a page need not exist. False
/// when there is no memory; some of the pages are then as they were.
[[nodiscard]] bool give_pages(Range range, Access access) noexcept;

/// The shim is about to touch memory of the keep, as the ledger allows: makes sure that its pages
/// are there. Machines whose pages come by themselves have nothing to do. False when there is no
/// memory.
[[nodiscard]] bool reach_pages(std::uint64_t address, std::uint64_t size) noexcept;

/// Takes the pages of `range` from the keep, with what they hold. The ledger has let go of them.
void take_pages(Range range) noexcept;

/// What the processor's source of random numbers says; nothing when it has none just now. Whether
/// it is believed is for Randomness to say.
[[nodiscard]] std::optional<std::uint64_t> random_number() noexcept;

/// Carries a keep's word to the security processor, and what comes back into `room`, on a machine
/// that has one at hand: a number of bytes, or minus an errno. Nothing where the host does it by
/// the sallyport.
[[nodiscard]] std::optional<abi::SystemResult> ask_processor(std::uint64_t kind,
                                                             core::ByteView sent,
                                                             core::ByteSpan room) noexcept;

/// Where FS points to when the keep runs on; `address` is the keep's own.
void set_thread_pointer(std::uint64_t address) noexcept;

}  // namespace merlon::shim::linux
