#pragma once

// Endorsements taken apart, once for many appraisals.

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "merlon/evidence/endorsements.h"
#include "merlon/sgx/enclave_identity.h"
#include "merlon/sgx/signed_json.h"
#include "merlon/x509/crl.h"

namespace merlon::verify {

/// Who brought an endorsement. What came along with evidence was chosen by who sent it.
enum class Origin : std::uint8_t { Own, Carried };

/// What it says is never changed, and shared by all copies.
struct TcbInfoDocument {
  std::shared_ptr<const sgx::SignedJson> json;
  std::shared_ptr<const sgx::TcbInfo> info;
  Origin origin = Origin::Own;
};

struct IdentityDocument {
  std::shared_ptr<const sgx::SignedJson> json;
  std::shared_ptr<const sgx::EnclaveIdentity> identity;
  Origin origin = Origin::Own;
};

/// Immutable after it is made; any number of threads may appraise with one. Nothing in it is
/// trusted: what cannot be read is left out, and then missing.
struct Collateral {
  std::vector<x509::Certificate> certificates;
  /// First our own, and of these first those that are known to be about VLEKs; then those that came
  /// along, of which nothing is known.
  std::vector<x509::Crl> lists;
  std::size_t own_list_count = 0;
  std::size_t vlek_list_count = 0;
  std::vector<TcbInfoDocument> tcb_infos;
  std::vector<IdentityDocument> identities;
  std::size_t unreadable = 0;        ///< artefacts that were left out
  std::size_t unreadable_lists = 0;  ///< revocation lists among them
  /// Why documents of Intel's were left out, each a line: "TCB info: its level 3: …".
  std::vector<std::string> unreadable_tcb_infos, unreadable_identities;
  x509::SignatureMemo memo;

  /// Of what whoever judges has by himself, and of what came along with the evidence.
  [[nodiscard]] static Collateral parse(const evidence::Endorsements& own,
                                        const evidence::Endorsements& carried = {});

  /// As parse(), and computes the signatures that a CA or a TCB signing certificate among them may
  /// have made on another, the first 4096 of these, so that no appraisal needs to. Worth it from
  /// the second appraisal on.
  [[nodiscard]] static Collateral prepare(const evidence::Endorsements& own,
                                          const evidence::Endorsements& carried = {});

  /// This, of which nothing came along, and what came along with one piece of evidence. Far cheaper
  /// than to parse all again, and signatures that are known stay known.
  [[nodiscard]] Collateral with_carried(const evidence::Endorsements& carried) const;

  [[nodiscard]] std::span<const x509::Crl> own_lists() const noexcept {
    return std::span(lists).first(own_list_count);
  }
  [[nodiscard]] std::span<const x509::Crl> carried_lists() const noexcept {
    return std::span(lists).subspan(own_list_count);
  }
  /// Of our own.
  [[nodiscard]] std::span<const x509::Crl> vlek_lists() const noexcept {
    return std::span(lists).first(vlek_list_count);
  }
  /// `list` is one of lists.
  [[nodiscard]] bool is_own(const x509::Crl& list) const noexcept {
    return std::ranges::any_of(own_lists(), [&](const x509::Crl& each) { return &each == &list; });
  }
};

/// The common name of the certificate whose key signs Intel's documents. [PCK-PROFILE]
inline constexpr std::string_view tcb_signer_name = "Intel SGX TCB Signing";

/// The signature of a document as the other signatures are checked.
[[nodiscard]] x509::Signed signed_by(const sgx::SignedJson& json) noexcept;

}  // namespace merlon::verify
