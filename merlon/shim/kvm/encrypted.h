#pragma once

// This shim on a machine whose memory is encrypted.

#include "merlon/shim/snp/guest.h"

namespace merlon::shim::kvm {

/// What it is there; not active elsewhere.
[[nodiscard]] snp::Guest& guest() noexcept;

/// Ends the machine by what alone is left where nobody listens: a number.
[[noreturn]] void end_machine(snp::Reason reason) noexcept;

}  // namespace merlon::shim::kvm
