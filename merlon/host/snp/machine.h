#pragma once

// A machine of KVM whose memory and processor are the security processor's: made empty, filled by
// a Launcher (launcher.h), then run. Written against the kernel's documentation [LINUX-SNP]; not
// yet run on hardware.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merlon/base/cpuid.h"
#include "merlon/host/snp/cpuid_page.h"
#include "merlon/host/snp/device.h"
#include "merlon/host/snp/trouble.h"
#include "merlon/image/processor.h"
#include "merlon/os/mapping.h"

namespace merlon::host::snp {

/// What was done, for whoever reports it: kept also when a step failed.
struct Journal {
  std::array<std::uint32_t, step_count> done{};  ///< how often each step succeeded
  std::optional<kernel::PlatformStatus> platform;
  std::vector<CpuidCorrection> corrections;  ///< of the CPUID page, by the firmware

  [[nodiscard]] std::uint32_t count(Step step) const noexcept {
    return done[static_cast<std::size_t>(step)];
  }
};

/// Why a processor came back.
enum class StopKind : std::uint8_t {
  Doorbell,     ///< the shim has a request in the block: the launch, and its start, are behind it
  Terminated,   ///< the keep asked for its end by the GHCB's MSR; `detail` is that MSR
  MemoryFault,  ///< it used memory in a way that was not agreed on; `detail` is the address
  Shutdown,     ///< a fault that it could not take
  Interrupted,  ///< a signal came
  Other,        ///< `reason` has KVM's number
};
struct Stop {
  StopKind kind = StopKind::Other;
  std::uint32_t reason = 0;  ///< KVM_EXIT_*
  std::uint64_t detail = 0;
  std::uint32_t conversions = 0;  ///< ranges that the keep wanted private or shared before
};
/// "terminated"; static storage.
[[nodiscard]] std::string_view name_of(StopKind kind) noexcept;

/// The machine as it is before and while it runs. Everything that the kernel answers is checked,
/// and whatever fails is the last thing asked.
class Machine {
 public:
  /// A certificate table for the keep's extended requests [GHCB 2.03 §4.1.8.1], at most
  /// max_certificates bytes; empty: none. With none, and before Linux 7.0, the kernel answers such
  /// requests itself.
  static constexpr std::size_t max_certificates = 64 * kernel::page_size;

  /// Up to the processor, which has `host`'s CPUID as far as KVM offers it. `device` and `journal`
  /// must outlive the machine.
  [[nodiscard]] static Result<Machine> create(Device& device, Journal& journal,
                                              const image::HostProcessor& host,
                                              std::vector<std::uint8_t> certificates = {});

  /// Runs until the doorbell or another end. Ranges that the keep wants private or shared, and
  /// certificates, are given. Only after a launch.
  [[nodiscard]] Result<Stop> run();

  /// What the keep and its host both read and write, by its physical address; lives as long as the
  /// machine. Empty where there is no such part. The keep writes there: hostile.
  [[nodiscard]] core::ByteSpan shared(std::uint64_t address, std::uint64_t size) noexcept;
  /// More private memory, which the keep has yet to take. After a failure the machine may run on.
  [[nodiscard]] Result<void> add_memory(std::uint64_t base, std::uint64_t size);

 private:
  friend class Launcher;

  /// Physical addresses; `guest` is memory that the host cannot map, where there is any.
  struct Part {
    std::uint64_t base = 0;
    std::uint64_t size = 0;
    bool is_private = false;
    os::Mapping own;  ///< what the keep sees of it when it makes pages shared
    File guest;
  };

  Machine(Device& device, Journal& journal) noexcept : device_(&device), journal_(&journal) {}

  Result<void> check_kernel();
  Result<void> check_platform();
  Result<void> create_machine();
  Result<void> add_part(std::uint64_t base, std::uint64_t size, bool is_private);
  Result<void> create_processor();
  Result<void> give_cpuid(const image::HostProcessor& host);
  Result<void> ask_for_certificates(std::vector<std::uint8_t> certificates);

  Result<int> extension(Step step, unsigned number);
  /// A command to the security processor; `structure` is the command's own, or null.
  Result<void> command(Step step, kernel::Command id, void* structure);
  /// As the kernel answered, without a judgement; `firmware` is the status.
  os::Result<int> try_command(kernel::Command id, void* structure, std::uint32_t& firmware);
  Result<void> set_private(Step step, std::uint64_t address, std::uint64_t size, bool is_private);
  /// The part that holds all of a range that is not empty.
  [[nodiscard]] Part* part_with(std::uint64_t address, std::uint64_t size) noexcept;

  /// Of run(): true to go on.
  Result<bool> convert(kernel::HypercallExit exit, Stop& stop);
  [[nodiscard]] std::uint64_t give_certificates(kernel::CertificatesExit& exit) noexcept;
  Result<bool> handle(Stop& stop, const os::Result<int>& answer);
  template <typename T>
  [[nodiscard]] T exit_data() const noexcept;
  template <typename T>
  void set_exit_data(const T& data) noexcept;
  [[nodiscard]] std::uint32_t exit_reason() const noexcept;

  void note(Step step) noexcept { ++journal_->done[static_cast<std::size_t>(step)]; }
  /// Of a request whose answer is a number that matters not.
  Result<void> done(Step step, const os::Result<int>& answer);

  Device* device_;
  Journal* journal_;
  File kvm_;
  File sev_;
  File machine_;
  std::vector<Part> parts_;
  File processor_;
  Area run_area_;
  image::KeepProcessor seen_;
  std::vector<std::uint8_t> certificates_;
  bool launched_ = false;
};

}  // namespace merlon::host::snp
