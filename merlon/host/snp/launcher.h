#pragma once

// The sink of an attested keep's stream of pages that launches it on SEV-SNP: each page goes to the
// security processor, which measures, encrypts and keeps it. The page of first registers goes to
// KVM as registers, of which the kernel makes the same page when the launch is finished.

#include <array>
#include <optional>
#include <vector>

#include "merlon/host/snp/machine.h"
#include "merlon/image/layout.h"

namespace merlon::host::snp {

/// Of every keep of ours: no debugger, no migration, threads of a core may be shared, firmware
/// interface 1.51 or newer.
inline constexpr std::uint64_t keep_policy = 0x3'0133;

struct LaunchOptions {
  std::uint64_t policy = keep_policy;
  /// What the keep's owner signed [SNP-ABI 1.58 §8.18]: kernel::id_block_size and id_auth_size
  /// bytes, or empty both. The firmware refuses a keep that is another.
  std::vector<std::uint8_t> id_block;
  std::vector<std::uint8_t> id_auth;
  bool has_author_key = false;
  std::array<std::uint8_t, kernel::host_data_size> host_data{};  ///< as it stands in reports
};

/// One launch. After the first trouble nothing more is asked of the machine: every further call
/// gives that trouble again.
class Launcher final : public image::PageSink {
 public:
  /// `machine` is fresh and must outlive this object.
  Launcher(Machine& machine, const LaunchOptions& options) : machine_(machine), options_(options) {}

  /// SNP_LAUNCH_START.
  [[nodiscard]] Result<void> start();
  /// Pages inside the machine's private memory, then the Vmsa as the last. The error has no more
  /// than trouble()'s cause; what it was is trouble().
  [[nodiscard]] core::Result<void> put(image::PageKind kind, std::uint64_t address,
                                       core::ByteView bytes) override;
  /// SNP_LAUNCH_FINISH; the machine may run.
  [[nodiscard]] Result<void> finish();

  /// Of the first call that failed.
  [[nodiscard]] const std::optional<Trouble>& trouble() const noexcept { return trouble_; }

 private:
  enum class State : std::uint8_t { Fresh, Started, HasRegisters, Finished };

  Result<void> take(image::PageKind kind, std::uint64_t address, core::ByteView bytes);
  Result<void> add_pages(std::uint8_t type, std::uint64_t address, core::ByteView bytes);
  Result<void> add_cpuid(std::uint64_t address);
  Result<void> set_registers(core::ByteView page);
  /// Until the kernel has taken all of it; true if the firmware wants another CPUID page.
  Result<bool> update(Step step, kernel::LaunchUpdate range);
  Result<void> send_finish();
  /// Remembers a failure.
  template <typename T>
  Result<T> kept(Result<T> result);

  Machine& machine_;
  LaunchOptions options_;
  os::Mapping staging_;  ///< pages on their way: the kernel wants whole ones
  State state_ = State::Fresh;
  std::optional<Trouble> trouble_;
};

/// A whole launch on a fresh machine, of an attested keep of these two programs.
[[nodiscard]] Result<void> launch_keep(Machine& machine, const LaunchOptions& options,
                                       const image::Program& shim, const image::Program& keep);

}  // namespace merlon::host::snp
