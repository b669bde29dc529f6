#pragma once

// The simulated security processor, merlon-simulator: a process of its own that is told the launch
// of a keep page by page, as the kernel tells a real one, and answers the keep's messages. This
// process only carries them.

#include <array>
#include <optional>
#include <string>

#include "merlon/host/plan.h"
#include "merlon/image/layout.h"
#include "merlon/launch/firmware.h"
#include "merlon/os/fd.h"
#include "merlon/sallyport/host/request.h"

namespace merlon::host::kvm {

class SimulatedFirmware {
 public:
  /// Starts merlon-simulator, which lies beside this program, with the platform in the directory
  /// `platform`. It ends when this object does.
  ///
  /// Errors: NotFound (no such program).
  [[nodiscard]] static core::Result<SimulatedFirmware, HostError> start(
      const std::string& platform);

  /// SNP_LAUNCH_START, with the policy of every keep of ours.
  [[nodiscard]] core::Result<void> begin();
  /// SNP_LAUNCH_UPDATE. Of Secrets what the firmware has put there, else nothing.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> update(image::PageKind kind,
                                                               std::uint64_t address,
                                                               core::ByteView bytes);
  /// SNP_LAUNCH_FINISH, without an ID block.
  [[nodiscard]] core::Result<void> finish();

  /// Carries an Attest of the keep, and the answer. A refusal is an errno without a reason: that is
  /// for the keep's ears only.
  [[nodiscard]] sallyport::Outcome attest(const sallyport::Request& request);

 private:
  /// What the keep's message is answered, or its status is. It travels as a page of its own.
  [[nodiscard]] core::Result<launch::FirmwareAnswer> carry(core::ByteView message);
  explicit SimulatedFirmware(os::Fd channel) noexcept : channel_(std::move(channel)) {}
  [[nodiscard]] core::Result<launch::FirmwareAnswer> ask(const launch::FirmwareRequest& request);
  /// The answer to a step of the launch, which must be Success.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> step(
      const launch::FirmwareRequest& request);

  os::Fd channel_;
};

}  // namespace merlon::host::kvm
