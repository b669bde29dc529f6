#pragma once

// What vouches for quotes of a simulated machine with SGX: certificates, lists and documents as
// Intel has them [PCK-PROFILE, PCS-V4]. Verifiers find certificates by Intel's common names, so
// these stay; organization, remark, FMSPC and PPID say SIMULATOR. Only who trusts the root by name
// accepts what is under it. Pure.

#include <string>
#include <string_view>

#include "merlon/sgx/pck_extension.h"
#include "merlon/sgx/tcb_status.h"
#include "merlon/simulate/chain.h"

namespace merlon::simulate {

/// Levels of the simulated TCB info, for each component of a platform's TCB: 3 and above are
/// UpToDate, 2 is OutOfDate, below is Revoked.
inline constexpr std::uint8_t newest_sgx_level = 3;

class SgxChain {
 public:
  /// Of DER and of texts; whoever can write the files may have spoilt them. Denied if these are not
  /// all of one simulated machine, signed by each other; errors of their parsers.
  struct Parts {
    core::ByteView root, ca, pck, signer;
    core::ByteView root_list, pck_list;
    std::string_view tcb_info, qe_identity;
  };
  [[nodiscard]] static core::Result<SgxChain> parse(const Parts& parts);

  /// The root by which a policy names it: `roots`.
  [[nodiscard]] x509::AnchorId root() const noexcept { return x509::anchor_of(root_); }
  [[nodiscard]] const x509::Certificate& root_certificate() const noexcept { return root_; }
  [[nodiscard]] const x509::Certificate& ca() const noexcept { return ca_; }
  [[nodiscard]] const x509::Certificate& pck() const noexcept { return pck_; }
  /// Of TCB info and identities.
  [[nodiscard]] const x509::Certificate& signer() const noexcept { return signer_; }
  [[nodiscard]] const x509::Crl& root_list() const noexcept { return root_list_; }
  [[nodiscard]] const x509::Crl& pck_list() const noexcept { return pck_list_; }
  [[nodiscard]] const std::string& tcb_info() const noexcept { return tcb_info_; }
  [[nodiscard]] const std::string& qe_identity() const noexcept { return qe_identity_; }

  /// What the PCK certificate stands for.
  [[nodiscard]] const sgx::PckExtension& platform() const noexcept { return platform_; }
  [[nodiscard]] bool is_revoked() const noexcept { return pck_list_.lists(pck_.serial()); }
  /// Of the platform, by the TCB info.
  [[nodiscard]] sgx::TcbStatus status() const noexcept { return status_; }
  /// When the first of lists and documents ends.
  [[nodiscard]] codec::UnixTime next_update() const noexcept { return next_update_; }

  [[nodiscard]] Parts parts() const noexcept;
  /// What stands in a quote: leaf, CA, root, in PEM.
  [[nodiscard]] std::string pck_chain() const;

 private:
  SgxChain(x509::Certificate root, x509::Certificate ca, x509::Certificate pck,
           x509::Certificate signer, x509::Crl root_list, x509::Crl pck_list)
      : root_(std::move(root)),
        ca_(std::move(ca)),
        pck_(std::move(pck)),
        signer_(std::move(signer)),
        root_list_(std::move(root_list)),
        pck_list_(std::move(pck_list)) {}
  [[nodiscard]] core::Result<void> judge_certificates() const;
  [[nodiscard]] core::Result<void> take_documents(const Parts& parts);

  x509::Certificate root_, ca_, pck_, signer_;
  x509::Crl root_list_, pck_list_;
  std::string tcb_info_, qe_identity_;
  sgx::PckExtension platform_;
  sgx::TcbStatus status_ = sgx::TcbStatus::Revoked;
  codec::UnixTime next_update_;
};

/// What the PCK certificate of a simulator stands for. Denied if it is another's, or does not say
/// so. Who signed it is not looked at.
[[nodiscard]] core::Result<sgx::PckExtension> sgx_platform_of(const x509::Certificate& pck);

/// All that is secret of a machine.
struct SgxKeys {
  crypto::PrivateKey root, ca, signer;  ///< only for revoking and updating
  crypto::PrivateKey pck;               ///< signs reports of the quoting enclave
  crypto::PrivateKey attestation;       ///< signs quotes
  crypto::SecretBytes fuse;             ///< EnclaveProcessor::fuse_size bytes
};

struct NewSgxMachine {
  SgxChain chain;
  SgxKeys keys;
};
/// New keys, nothing revoked, of the newest level. Errors: Internal (no random numbers).
[[nodiscard]] core::Result<NewSgxMachine> make_sgx_machine(codec::UnixTime now);

/// The chain with a list that has its PCK certificate, newer than its own. Denied if the key is
/// another's.
[[nodiscard]] core::Result<SgxChain> revoke(const SgxChain& chain, const crypto::PrivateKey& ca_key,
                                            codec::UnixTime now);

struct UpdatedSgxMachine {
  SgxChain chain;
  crypto::PrivateKey pck_key;
};
/// The same machine with another level of its TCB, higher or lower: a new PCK certificate. The
/// rest, its secret and its documents stay. Denied if the key is another's, or the machine is
/// revoked: it stays so. Errors: Internal.
[[nodiscard]] core::Result<UpdatedSgxMachine> update(const SgxChain& chain,
                                                     const crypto::PrivateKey& ca_key,
                                                     std::uint8_t level, codec::UnixTime now);

}  // namespace merlon::simulate
