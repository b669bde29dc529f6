#pragma once

// The protocol of the GHCB's register [GHCB 2.03 §2.3.1]: one number goes to the host, one comes
// back. All that a machine can say before it shares a page. An answer counts only if its code is
// the request's and what it repeats is the same.

#include <cstdint>

#include "merlon/shim/snp/reason.h"

namespace merlon::shim::snp {

/// Bits of SEV_STATUS [AMD-APM2 §15.34.10].
namespace status {
inline constexpr std::uint64_t sev = 1;
inline constexpr std::uint64_t encrypted_state = 2;
inline constexpr std::uint64_t nested_paging = 4;
inline constexpr std::uint64_t debug_swap = std::uint64_t{1} << 7U;
inline constexpr std::uint64_t smt_protection = std::uint64_t{1} << 17U;
inline constexpr std::uint64_t required = sev | encrypted_state | nested_paging;
/// What takes nothing away: registers for debugging that are swapped, and a protection between
/// threads. All else is for the image's makers to ask for, in registers that are measured.
inline constexpr std::uint64_t allowed = required | debug_swap | smt_protection;
}  // namespace status

/// Whether the processor protects this machine as it was made for. Restricted injection is not
/// asked for: KVM does not have it, and what a host injects is answered otherwise.
[[nodiscard]] Trouble check_status() noexcept;

/// The host's versions and its bit for private memory.
[[nodiscard]] Trouble check_versions() noexcept;
/// That the host knows SEV-SNP.
[[nodiscard]] Trouble check_features() noexcept;
/// Has the host share the page at a physical address.
[[nodiscard]] Trouble share_page(std::uint64_t physical) noexcept;
/// Has the host take the page for messages, which is shared.
[[nodiscard]] Trouble register_ghcb(std::uint64_t physical) noexcept;

/// The number that asks for the end of this machine.
[[nodiscard]] std::uint64_t termination(Reason reason) noexcept;

}  // namespace merlon::shim::snp
