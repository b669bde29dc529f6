#pragma once

// How an attested keep speaks with the security processor of its machine: what its shim lends it
// beside Linux's system calls. Freestanding.

#include <cstdint>

namespace merlon::core {

/// The tag, in the auxiliary vector [psABI §3.4.3], of the address of the page of secrets that the
/// processor's firmware has filled; none, or 0, in a keep that nothing attests.
inline constexpr unsigned long secrets_page_tag = 0x4d4c'0002;

/// The number of the system call attest(kind, sent, sent_size, room, room_size), far from Linux's.
/// Gives the number of bytes put into the room, or minus an errno: EAGAIN if the host has no time
/// for it now, ENOSYS or EOPNOTSUPP in a keep that nothing attests. The host carries all of it.
inline constexpr std::uint64_t attest_call = 0x4d4c'0001;

/// What is sent, and what comes back.
enum class AttestKind : std::uint64_t {
  GuestMessage = 1,  ///< of SEV-SNP [SNP-ABI §8.26]: a message of the guest; its answer
  Certificates = 2,  ///< nothing; the certificate table of an extended report [GHCB §4.1.8.1]
};

}  // namespace merlon::core
