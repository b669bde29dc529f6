#pragma once

// Private to the room: TCB info and identity of the quoting enclave of a simulated Intel [PCS-V4],
// and the quoting enclave itself.

#include <string>

#include "merlon/crypto/private_key.h"
#include "merlon/sgx/enclave_identity.h"
#include "merlon/simulate/enclave_keys.h"

namespace merlon::simulate {

/// As the processor knows it.
[[nodiscard]] EnclaveIdentity quoting_enclave() noexcept;

/// Enarx's keeps want at least 12 of the provisioning enclave and 7 of the quoting enclave.
inline constexpr std::uint16_t pce_svn = 13;
inline constexpr std::uint16_t qe_svn = 8;

/// Signed documents.
[[nodiscard]] core::Result<std::string> new_tcb_info(const crypto::PrivateKey& signer,
                                                     codec::UnixTime now);
[[nodiscard]] core::Result<std::string> new_qe_identity(const crypto::PrivateKey& signer,
                                                        codec::UnixTime now);

/// CPUSVN of a platform whose parts are all of this level.
[[nodiscard]] sgx::CpuSvn cpu_svn_of(std::uint8_t level) noexcept;

}  // namespace merlon::simulate
