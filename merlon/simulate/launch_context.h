#pragma once

// A launch as the firmware sees it: SNP_LAUNCH_START, _UPDATE, _FINISH [SNP-ABI 1.58 §8.16 to
// §8.18]. Whoever sends the commands is the host, of whom nothing is believed; what he sends is
// measured.

#include <set>

#include "merlon/crypto/secret_bytes.h"
#include "merlon/launch/firmware.h"
#include "merlon/measure/launch_chain.h"
#include "merlon/simulate/guest.h"

namespace merlon::simulate {

/// The firmware's version: guests may ask for this ABI or an older one.
inline constexpr snp::FirmwareVersion firmware_version{1, 58, 1};

class LaunchContext {
 public:
  /// With the guest's keys, made anew. Internal if there are no random numbers.
  [[nodiscard]] static core::Result<LaunchContext> create();

  /// InvalidGuestState after the first; PolicyFailure for a policy with reserved bits that are not
  /// as they must be, a newer ABI, or what this platform has not (memory encryption by
  /// AES-256-XTS, RAPL switched off, hidden ciphertext).
  [[nodiscard]] launch::FirmwareStatus start(std::uint64_t policy);

  /// Whole pages at `address` and behind it. The answer's payload is the page that the firmware
  /// fills, Secrets and Cpuid, and is a secret for the former.
  ///
  /// InvalidGuestState before start() and after finish(). InvalidParameter for a kind that there
  /// is none of or that no keep has (Unmeasured), for pages at addresses that are no pages' or had
  /// one already, for Zero pages that are not, a second Secrets page, and a VMSA at another
  /// address than all have.
  [[nodiscard]] launch::FirmwareAnswer update(std::uint32_t kind, std::uint64_t address,
                                              core::ByteView pages);

  /// `payload`: FinishedLaunch. What the first failed update() said, else as judge_id_block();
  /// then finish() may be tried again.
  [[nodiscard]] launch::FirmwareStatus finish(core::ByteView payload);

  /// Its guest runs: finish() was a success.
  [[nodiscard]] bool is_finished() const noexcept { return state_ == State::Running; }
  /// Once, if it is finished: the keys move on.
  [[nodiscard]] Guest take_guest();

 private:
  enum class State : std::uint8_t { Fresh, Launching, Running };

  LaunchContext(crypto::SecretBytes keys, const snp::ReportId& report_id)
      : keys_(std::move(keys)), report_id_(report_id) {}
  launch::FirmwareAnswer add(std::uint32_t kind, std::uint64_t address, core::ByteView pages);
  [[nodiscard]] bool take_addresses(std::uint64_t address, std::size_t size);
  [[nodiscard]] std::vector<std::uint8_t> secrets_page() const;

  State state_ = State::Fresh;
  launch::FirmwareStatus failed_ = launch::FirmwareStatus::Success;  // of update()
  crypto::SecretBytes keys_;  // snp::vmpck_count, one behind the other
  snp::ReportId report_id_;
  snp::GuestPolicy policy_;
  snp::HostData host_data_;
  Identity identity_;
  measure::LaunchChain chain_;
  std::set<std::uint64_t> addresses_;  // of pages that are there
  bool has_secrets_ = false;
};

/// What an ID block and its authentication say of a guest [SNP-ABI 1.58 §8.18]; nothing without
/// them. InvalidParameter for what is malformed, or for an author's key where none is announced
/// and the other way round; BadSignature; BadMeasurement and PolicyFailure if the block is about
/// another guest.
[[nodiscard]] core::Result<Identity, launch::FirmwareStatus> judge_id_block(
    const launch::FinishedLaunch& finished, const snp::LaunchDigest& digest,
    const snp::GuestPolicy& policy);

}  // namespace merlon::simulate
