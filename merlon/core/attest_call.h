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

/// The tag, in the same vector, that says that the keep is an enclave of SGX; its value is 1.
inline constexpr unsigned long enclave_tag = 0x4d4c'0003;

/// What is sent, and what comes back. Those of an enclave that its processor answers, Report and
/// Key, never leave it; the others the host carries to whoever quotes on this machine.
enum class AttestKind : std::uint64_t {
  GuestMessage = 1,  ///< of SEV-SNP [SNP-ABI §8.26]: a message of the guest; its answer
  Certificates = 2,  ///< nothing; the certificate table of an extended report [GHCB §4.1.8.1]
  Report = 3,        ///< TARGETINFO ‖ REPORTDATA; the REPORT that EREPORT makes [SDM vol. 3D]
  Key = 4,           ///< KEYREQUEST; the key that EGETKEY gives, else EACCES
  QuoteTarget = 5,   ///< nothing; TARGETINFO of the quoting enclave
  Quote = 6,         ///< REPORT for that target; the quote [SGX-QUOTE]
  Collateral = 7,    ///< nothing; what the host has of Intel's word on this machine
};

}  // namespace merlon::core
