#pragma once

// A launch as the firmware sees it: SNP_LAUNCH_START, _UPDATE, _FINISH [SNP-ABI 1.58 §8.16 to
// §8.18]. Whoever sends the commands is the host, of whom nothing is believed; what he sends is
// measured.

#include <deque>
#include <memory>
#include <optional>
#include <set>

#include "merlon/crypto/secret_bytes.h"
#include "merlon/launch/firmware.h"
#include "merlon/measure/launch_chain.h"
#include "merlon/simulate/guest.h"

namespace merlon::simulate {

/// The firmware's version: guests may ask for this ABI or an older one.
inline constexpr snp::FirmwareVersion firmware_version{1, 58, 1};

/// Where bytes of a launch come from that are not sent.
class PageFile {
 public:
  virtual ~PageFile() = default;
  /// Fills `into` with the bytes at `offset`. Any error if it does not have them all.
  [[nodiscard]] virtual core::Result<void> read(std::uint64_t offset, core::ByteSpan into) = 0;
};
using PageFiles = std::vector<std::unique_ptr<PageFile>>;

class LaunchContext {
 public:
  /// With the guest's keys, made anew. Internal if there are no random numbers.
  [[nodiscard]] static core::Result<LaunchContext> create(PageFiles files = {});

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
                                              std::vector<std::uint8_t> pages);

  /// The same for Normal pages of a file, and for Zero pages. InvalidParameter also for another
  /// kind, no such file, or more than max_source_size bytes. What the file holds is read, and
  /// found wanting, later.
  [[nodiscard]] launch::FirmwareStatus update_from(std::uint32_t kind, std::uint64_t address,
                                                   const launch::PageSource& source);
  static constexpr std::uint64_t max_source_size = std::uint64_t{64} << 20U;

  /// `payload`: FinishedLaunch. What the first failed update() said, else as judge_id_block();
  /// then finish() may be tried again.
  [[nodiscard]] launch::FirmwareStatus finish(core::ByteView payload);

  /// Measures some of the pages that have come, 64 KiB at most, of which nobody waits for the
  /// digest yet; false if none are left.
  bool measure_some();

  /// Its guest runs: finish() was a success.
  [[nodiscard]] bool is_finished() const noexcept { return state_ == State::Running; }
  /// Once, if it is finished: the keys move on. Measures what is left of its pages. Any error
  /// if a file does not have the bytes that its pages were said to be: then it is nobody's guest.
  [[nodiscard]] core::Result<Guest> take_guest();

 private:
  enum class State : std::uint8_t { Fresh, Launching, Running };

  LaunchContext(PageFiles files, crypto::SecretBytes keys, const snp::ReportId& report_id)
      : files_(std::move(files)), keys_(std::move(keys)), report_id_(report_id) {}
  launch::FirmwareAnswer add(std::uint32_t kind, std::uint64_t address,
                             std::vector<std::uint8_t> pages);
  /// The launch digest: measures what has not been measured yet.
  [[nodiscard]] core::Result<snp::LaunchDigest> digest();
  [[nodiscard]] bool take_addresses(std::uint64_t address, std::size_t size);
  [[nodiscard]] std::vector<std::uint8_t> secrets_page() const;

  PageFiles files_;
  State state_ = State::Fresh;
  launch::FirmwareStatus failed_ = launch::FirmwareStatus::Success;  // of update()
  crypto::SecretBytes keys_;  // snp::vmpck_count, one behind the other
  snp::ReportId report_id_;
  snp::GuestPolicy policy_;
  snp::HostData host_data_;
  Identity identity_;
  /// Pages that have come. Measuring them takes longer than all else, and nobody needs the digest
  /// before an ID block or the first request of the guest.
  struct Taken {
    snp::PageType type;
    std::uint64_t address;
    std::vector<std::uint8_t> pages;  // empty: `source` says where they are
    launch::PageSource source;
  };
  [[nodiscard]] core::Result<void> measure(const Taken& taken, std::uint64_t at,
                                           std::uint64_t size);
  [[nodiscard]] core::Result<void> measure_file(const Taken& taken, std::uint64_t at,
                                                std::uint64_t size);
  std::deque<Taken> taken_;
  std::uint64_t measured_ = 0;             // bytes of the first of them
  std::optional<core::Error> unreadable_;  // why pages of a file could not be measured
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
