#pragma once

// Quotes of SGX: the processor says what this enclave is, and the machine's quoting enclave signs
// it. Quoting enclave and collateral are reached by way of the host, who may answer with anything;
// what the processor answers never leaves the enclave.

#include "merlon/core/attest_call.h"
#include "merlon/identity/attester.h"
#include "merlon/sgx/report.h"

namespace merlon::identity {

/// Who answers an enclave's questions (core/attest_call.h).
class EnclaveCalls {
 public:
  virtual ~EnclaveCalls() = default;
  /// The answer. Unavailable: not now, tried long enough. Denied: the processor gives no such key.
  /// Unsupported: nothing answers that here.
  [[nodiscard]] virtual core::Result<std::vector<std::uint8_t>> ask(core::AttestKind kind,
                                                                    core::ByteView sent) = 0;
};

class SgxAttester final : public Attester {
 public:
  /// What a key of the platform's is of: the measurement, and all attributes. Others are refused.
  static constexpr std::uint64_t key_fields = 1;

  /// `calls` outlives this object.
  explicit SgxAttester(EnclaveCalls& calls) noexcept : calls_(&calls) {}

  [[nodiscard]] evidence::Technology technology() const noexcept override {
    return evidence::Technology::Sgx;
  }
  /// A quote of version 3 or later of what the processor said, byte for byte. Errors: those of
  /// EnclaveCalls · Denied (a report or a quote that was not asked for) · Malformed (no target, or
  /// no quote).
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> evidence_for(
      const evidence::ReportData& data) override;
  /// MRENCLAVE.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> measurement_of(
      core::ByteView evidence) const override;
  /// ISVSVN and CPUSVN, as a report of now says.
  [[nodiscard]] core::Result<KeyVersions> newest_key_versions() override;
  /// Two seal keys by MRENCLAVE, of 16 bytes each [SDM vol. 3D EGETKEY]: of all attributes (a debug
  /// keep has another key), XFRM and MISCSELECT, and of these versions.
  [[nodiscard]] core::Result<crypto::SecretBytes> platform_key(
      const KeyVersions& versions) override;
  [[nodiscard]] std::vector<std::uint8_t> certificates() override;

  /// Bytes that no host knows and that are for nothing else: this keep's on this machine, the same
  /// after a restart. Errors as platform_key().
  [[nodiscard]] core::Result<crypto::SecretBytes> seed();

 private:
  [[nodiscard]] core::Result<sgx::Report> report_for(const sgx::TargetInfo& target,
                                                     const sgx::ReportData& data);
  [[nodiscard]] core::Result<crypto::SecretBytes> keys_of(const KeyVersions& versions,
                                                          std::string_view purpose);

  EnclaveCalls* calls_;
};

}  // namespace merlon::identity
