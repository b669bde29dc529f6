#pragma once

// The quoting enclave of a simulated machine: it takes reports that the machine's processor made
// for it, and signs what they say [SGX-QUOTE Appendix A.4]. Reports come from enclaves by way of
// the host; either may have made them up. Pure but for random numbers of signatures.

#include <string>

#include "merlon/crypto/private_key.h"
#include "merlon/sgx/pck_extension.h"
#include "merlon/simulate/enclave_keys.h"

namespace merlon::simulate {

/// What a simulated machine has for its enclaves.
struct SgxPlatform {
  sgx::PckExtension tcb;
  crypto::PrivateKey pck_key;
  crypto::PrivateKey attestation_key;
  EnclaveProcessor processor;
  std::string pck_chain;  ///< PEM: leaf, CA, root
};

class QuotingEnclave {
 public:
  /// `platform` is borrowed and must outlive it.
  explicit QuotingEnclave(const SgxPlatform& platform) noexcept : platform_(platform) {}

  /// For whom reports are to be made.
  [[nodiscard]] sgx::TargetInfo target() const;
  /// Of each of its quotes.
  [[nodiscard]] std::size_t quote_size() const noexcept;

  /// A quote of version 3 of a REPORT. Denied: not made for it by this machine's processor.
  /// Malformed: no REPORT. Internal: the library does not sign.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> quote(core::ByteView report) const;

 private:
  const SgxPlatform& platform_;
};

}  // namespace merlon::simulate
