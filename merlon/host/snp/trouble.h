#pragma once

// Why a launch on SEV-SNP went no further: at which step, and who said no to what.

#include <cstdint>
#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/os/errno.h"

namespace merlon::host::snp {

/// Steps of a launch, in their order.
enum class Step : std::uint8_t {
  OpenKvm,
  ApiVersion,
  MachineTypes,
  GuestMemory,
  MemoryAttributes,
  MemoryRegions,
  HypercallExits,
  OpenSev,
  PlatformStatus,
  CreateMachine,
  EnableHypercallExits,
  SplitInterrupts,
  Init,
  CreateGuestMemory,
  OwnMemory,
  SetMemoryRegion,
  SetPrivate,
  CreateProcessor,
  RunArea,
  SupportedCpuid,
  SetCpuid,
  RequestCertificates,
  LaunchStart,
  LaunchUpdate,
  LaunchUpdateCpuid,
  GetRegisters,
  SetSpecialRegisters,
  SetRegisters,
  LaunchFinish,
  Run,
};
inline constexpr std::size_t step_count = static_cast<std::size_t>(Step::Run) + 1;
/// "launch-update"; static storage.
[[nodiscard]] std::string_view name_of(Step step) noexcept;

enum class Cause : std::uint8_t {
  Missing,   ///< this machine, its kernel or its firmware does not have it
  Refused,   ///< by the kernel
  Firmware,  ///< by the security processor
  Nonsense,  ///< an answer that the kernel's documentation rules out
  Stuck,     ///< asked to try again, again and again
  Image,     ///< what was to be launched is not what can be
};
[[nodiscard]] std::string_view name_of(Cause cause) noexcept;

/// What stopped a launch. Nothing more was asked of the machine afterwards.
struct Trouble {
  Step step = Step::OpenKvm;
  Cause cause = Cause::Missing;
  os::Errno number{};          ///< of Refused and Firmware
  std::uint32_t firmware = 0;  ///< of Firmware: STATUS [SNP-ABI 1.58 table 7], or the kernel's

  /// "launch-finish: firmware: bad measurement (0xb)": one name for each kind of trouble.
  [[nodiscard]] std::string name() const;
  /// What the machine's owner can do; empty if there is nothing. Static storage.
  [[nodiscard]] std::string_view remedy() const noexcept;
};

template <typename T>
using Result = core::Result<T, Trouble>;

/// "bad measurement"; empty for a status without a name. Static storage.
[[nodiscard]] std::string_view firmware_status_name(std::uint32_t status) noexcept;

}  // namespace merlon::host::snp
