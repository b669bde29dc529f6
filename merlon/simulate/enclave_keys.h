#pragma once

// What a processor with SGX has of secrets, simulated: the code of a REPORT, and keys for enclaves
// [SDM vol. 3D EREPORT, EGETKEY]. Who may have which key is as the manual says; how a key follows
// from what it depends on is a rule of ours: a real processor's secret is in no file. Pure.

#include "merlon/crypto/secret_bytes.h"
#include "merlon/sgx/key_request.h"
#include "merlon/sgx/report.h"

namespace merlon::simulate {

/// What the processor knows of an enclave that has been initialized (its SECS).
struct EnclaveIdentity {
  std::uint64_t flags = 0;  ///< ATTRIBUTES
  std::uint64_t xfrm = 0;
  std::uint32_t misc_select = 0;
  sgx::MrEnclave mr_enclave;
  sgx::MrSigner mr_signer;
  std::uint16_t product_id = 0;
  std::uint16_t svn = 0;
  // Zero without KSS.
  sgx::ConfigId config_id;
  std::uint16_t config_svn = 0;
  sgx::IsvFamilyId family_id;
  sgx::IsvExtProdId ext_product_id;

  /// As a report says it.
  [[nodiscard]] static EnclaveIdentity of(const sgx::ReportBody& body) noexcept;
};

/// Why EGETKEY gives no key: what it leaves in RAX [SDM vol. 3D "Error Codes"], but for Fault,
/// which is #GP(0).
enum class KeyError : std::uint16_t {
  InvalidAttribute = 2,  ///< SGX_INVALID_ATTRIBUTE: a key that these attributes do not allow
  InvalidCpuSvn = 32,    ///< SGX_INVALID_CPUSVN: versions above the processor's
  InvalidIsvSvn = 64,    ///< SGX_INVALID_ISVSVN: a version above the enclave's
  InvalidKeyName = 256,  ///< SGX_INVALID_KEYNAME
  Fault = 0xFFFF,        ///< what is of KSS in an enclave without it, or a mask of CET's
};

class EnclaveProcessor {
 public:
  static constexpr std::size_t fuse_size = 16;
  static constexpr std::size_t key_size = 16;

  /// `fuse` has fuse_size bytes, which the caller checks.
  EnclaveProcessor(crypto::SecretBytes fuse, const sgx::CpuSvn& cpu_svn) noexcept;

  /// EREPORT of the enclave `self` for `target`. Parts of KSS are in it as `self` has them.
  [[nodiscard]] sgx::Report ereport(const EnclaveIdentity& self, const sgx::TargetInfo& target,
                                    const sgx::ReportData& data) const;

  /// EGETKEY of the enclave `self`: key_size bytes.
  [[nodiscard]] core::Result<crypto::SecretBytes, KeyError> egetkey(
      const EnclaveIdentity& self, const sgx::KeyRequest& request) const;

  /// Whether this processor made `report` for the enclave `self`, which makes its report key.
  [[nodiscard]] bool is_genuine(const EnclaveIdentity& self, const sgx::Report& report) const;

  [[nodiscard]] const sgx::CpuSvn& cpu_svn() const noexcept { return cpu_svn_; }

 private:
  crypto::SecretBytes fuse_;
  sgx::CpuSvn cpu_svn_;
  sgx::KeyId report_key_id_;  // a real one is new with each start of the machine
};

}  // namespace merlon::simulate
