#pragma once

// What a keep is to others: its keys, and the security processor's word for them. The keys are made
// when somebody first asks.

#include <memory>
#include <optional>

#include "merlon/identity/attester.h"
#include "merlon/identity/keys.h"
#include "merlon/launch/message.h"
#include "merlon/launch/proof.h"
#include "merlon/os/fd.h"

namespace merlon::keep {

class Self {
 public:
  struct Processor;  ///< of the file that defines it
  /// In a guest of SEV-SNP takes the key to the security processor out of the page of secrets,
  /// where nothing is left of it: from here on only this object can have a report made. In an
  /// enclave its shim is asked.
  Self();
  ~Self();
  Self(const Self&) = delete;
  Self& operator=(const Self&) = delete;

  /// Whether there is a security processor.
  [[nodiscard]] bool is_attested() const noexcept { return attested_; }

  // Errors of all below: Unsupported (nothing attests this keep) · Malformed (a page of secrets
  // that is none) · Exhausted · Unavailable and Denied as GuestChannel · Internal.

  /// Those of a keep that nothing attests as well.
  [[nodiscard]] core::Result<const identity::SessionKeys*> keys();
  /// Evidence that holds `data`.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> evidence_for(
      const evidence::ReportData& data);
  /// That holds the keys as Enarx has it; the same each time.
  [[nodiscard]] core::Result<core::ByteView> evidence();
  /// What this keep's launch was measured as, by the above.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> measurement();
  /// Of what attests this keep.
  [[nodiscard]] core::Result<evidence::Technology> technology();
  /// As identity::Attester has them.
  [[nodiscard]] core::Result<identity::KeyVersions> newest_key_versions();
  [[nodiscard]] core::Result<crypto::SecretBytes> platform_key(
      const identity::KeyVersions& versions);
  /// What the host has of certificates, in the technology's own form; not from the processor.
  [[nodiscard]] std::vector<std::uint8_t> certificates();
  /// What it was delivered; from now on its requests say so.
  void note_delivery(const evidence::WorkloadClaims& claims) noexcept { workload_ = claims; }
  /// The secret half of the key that deliveries are sealed to goes.
  void take_no_more_deliveries() noexcept {
    if (keys_) keys_->forget_hpke();
  }

  /// The certification request around evidence(); of a keep that nothing attests, around nothing.
  /// NotFound: the host has no VCEK, or nothing of Intel's.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> request();
  struct Requests {
    std::vector<std::uint8_t> request;
    /// The same as Enarx has it, for a Steward that takes nothing else; empty if the other is so.
    std::vector<std::uint8_t> as_enarx;
  };
  [[nodiscard]] core::Result<Requests> requests();
  /// The same around evidence that was made now, not the first time somebody asked.
  [[nodiscard]] core::Result<Requests> fresh_requests();
  /// The same around evidence that holds `data`. Unsupported: nothing attests this keep.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> request_holding(
      const evidence::ReportData& data);

 private:
  [[nodiscard]] core::Result<Requests> requests_around(core::ByteView evidence);
  [[nodiscard]] core::Result<Processor*> processor();

  bool attested_ = false;
  std::optional<core::Error> trouble_;  ///< why there is no processor to speak with
  std::unique_ptr<Processor> processor_;
  std::optional<identity::SessionKeys> keys_;
  std::vector<std::uint8_t> evidence_;
  std::optional<evidence::WorkloadClaims> workload_;
};

/// Answers `message`, which asks for a proof, on `channel`; also if there can be none: then the
/// answer says why. A keep that nothing attests and that waits for a delivery names its keys, with
/// no evidence; who delivers to it knows that. Gives the evidence of the answer; none is empty.
///
/// Errors: those of launch::send.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> prove(Self& self,
                                                            const launch::Message& message,
                                                            os::BorrowedFd channel);

}  // namespace merlon::keep
