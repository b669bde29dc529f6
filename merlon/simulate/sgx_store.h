#pragma once

// A simulated machine with SGX in a directory that only its owner may enter:
//
//   root.pem ca.pem pck.pem tcb-signer.pem root-crl.pem pck-crl.pem tcb-info.json qe-identity.json
//                                   what `merlon evidence verify --endorsements` reads
//   crls.der tcb.der                the same as Enarx's caches have it (sgx/platform_collateral.h)
//   keys/pck.pem keys/quote.pem     sign the quoting enclave's reports, and quotes
//   keys/fuse.bin                   the processor's secret, 16 bytes
//   keys/root.pem keys/ca.pem keys/tcb-signer.pem
//                                   for revoking and updating
//
// Whoever reads the keys is the simulator. Files are trusted as far as their owner is, and checked
// against each other all the same. Errors as store.h has them.

#include "merlon/simulate/quoting_enclave.h"
#include "merlon/simulate/sgx_chain.h"

namespace merlon::simulate {

/// Whether it is there and is a machine with SGX: one of SEV-SNP has no such files.
[[nodiscard]] bool is_sgx_platform(const std::string& directory);

[[nodiscard]] core::Result<SgxChain> create_sgx_platform(const std::string& directory,
                                                         codec::UnixTime now);
[[nodiscard]] core::Result<SgxChain> load_sgx_chain(const std::string& directory);

/// What the quoting enclave has. Of the chain only that the PCK certificate is a simulator's, and
/// the key is its own: what is above it is for verifiers.
[[nodiscard]] core::Result<SgxPlatform> load_sgx_platform(const std::string& directory);
/// What runs enclaves has: the processor alone.
[[nodiscard]] core::Result<EnclaveProcessor> load_enclave_processor(const std::string& directory);

/// Both put the whole machine into the place of the old one, all of it or nothing; keeps that run
/// go on with the old one.
[[nodiscard]] core::Result<SgxChain> revoke_sgx_platform(const std::string& directory,
                                                         codec::UnixTime now);
[[nodiscard]] core::Result<SgxChain> update_sgx_platform(const std::string& directory,
                                                         std::uint8_t level, codec::UnixTime now);

}  // namespace merlon::simulate
