#pragma once

// How this shim wakes its host: `out` to a port, at which the machine stops.

#include "merlon/sallyport/block.h"
#include "merlon/sallyport/boot.h"
#include "merlon/sallyport/guest/port.h"

namespace merlon::shim::kvm {

/// The block that the launcher has mapped where `boot` says.
[[nodiscard]] sallyport::Block block_of(const sallyport::BootInfo& boot) noexcept;

/// The machine's bell; a machine that does not stop at `out` is waited for.
[[nodiscard]] sallyport::Doorbell doorbell() noexcept;

}  // namespace merlon::shim::kvm
