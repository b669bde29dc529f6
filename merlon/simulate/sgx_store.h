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

#include <memory>
#include <string>
#include <vector>

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

/// The same, read now and looked at when it is first asked for: most keeps never ask for a quote.
class LateSgxPlatform {
 public:
  /// Errors: NotFound and others of the system, with the number as detail.
  [[nodiscard]] static core::Result<LateSgxPlatform> read(const std::string& directory);
  /// One that is there already.
  explicit LateSgxPlatform(SgxPlatform platform)
      : made_(std::make_unique<core::Result<SgxPlatform>>(std::move(platform))) {}

  /// Lives as long as this object, moved or not. Errors: those of load_sgx_platform() that are not
  /// of the system; the same each time.
  [[nodiscard]] core::Result<const SgxPlatform*> get();
  /// The same, for good.
  [[nodiscard]] core::Result<SgxPlatform> take() &&;

 private:
  struct Files;
  explicit LateSgxPlatform(std::shared_ptr<Files> files) noexcept : files_(std::move(files)) {}

  std::shared_ptr<Files> files_;  // until they have been looked at
  std::unique_ptr<core::Result<SgxPlatform>> made_;
};

/// What runs enclaves has: the processor alone.
[[nodiscard]] core::Result<EnclaveProcessor> load_enclave_processor(const std::string& directory);

/// Both put the whole machine into the place of the old one, all of it or nothing; keeps that run
/// go on with the old one.
[[nodiscard]] core::Result<SgxChain> revoke_sgx_platform(const std::string& directory,
                                                         codec::UnixTime now);
[[nodiscard]] core::Result<SgxChain> update_sgx_platform(const std::string& directory,
                                                         std::uint8_t level, codec::UnixTime now);

}  // namespace merlon::simulate
