#pragma once

// For tests: a simulated machine with SGX, and an enclave on it. Header only.

#include <gtest/gtest.h>

#include "merlon/simulate/quoting_enclave.h"
#include "merlon/simulate/sgx_chain.h"

namespace merlon::simulate::testing {

inline constexpr codec::UnixTime sgx_now{1'780'000'000};

/// One for all tests of a program.
inline const NewSgxMachine& sgx_machine() {
  static const NewSgxMachine made = make_sgx_machine(sgx_now).value();
  return made;
}

inline crypto::PrivateKey another_of(const crypto::PrivateKey& key) {
  return crypto::PrivateKey::from_pem(key.to_pem().value().reveal()).value();
}

inline SgxPlatform sgx_platform(const SgxChain& chain = sgx_machine().chain) {
  const SgxKeys& keys = sgx_machine().keys;
  const core::ByteView fuse = keys.fuse.reveal();
  return {
      chain.platform(), another_of(keys.pck), another_of(keys.attestation),
      EnclaveProcessor(crypto::SecretBytes({fuse.begin(), fuse.end()}), chain.platform().cpu_svn),
      chain.pck_chain()};
}

template <typename T>
T filled(std::uint8_t value) {
  std::array<std::uint8_t, T::size> bytes{};
  bytes.fill(value);
  return T::from(bytes).value();
}

/// As Merlon's keeps are.
inline EnclaveIdentity keep_enclave() {
  EnclaveIdentity made;
  made.flags = sgx::attribute_init | 4U;
  made.xfrm = 0xE7;
  made.mr_enclave = filled<sgx::MrEnclave>(0xE1);
  made.mr_signer = filled<sgx::MrSigner>(0x51);
  made.product_id = 1;
  made.svn = 2;
  return made;
}

/// A quote of that enclave whose report data are all 0xDA.
inline std::vector<std::uint8_t> quote_of(const SgxPlatform& platform,
                                          const EnclaveIdentity& enclave = keep_enclave()) {
  const QuotingEnclave quoting(platform);
  const auto report =
      platform.processor.ereport(enclave, quoting.target(), filled<sgx::ReportData>(0xDA));
  return quoting.quote(report.to_bytes()).value();
}

}  // namespace merlon::simulate::testing
