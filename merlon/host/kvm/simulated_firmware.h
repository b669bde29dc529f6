#pragma once

// The simulated security processor, merlon-simulator: a process of its own that is told the launch
// of a keep page by page, as the kernel tells a real one, and answers the keep's messages. This
// process only carries them.

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merlon/host/plan.h"
#include "merlon/host/signature.h"
#include "merlon/image/layout.h"
#include "merlon/launch/firmware.h"
#include "merlon/os/fd.h"
#include "merlon/sallyport/boot.h"
#include "merlon/sallyport/host/request.h"

namespace merlon::host::kvm {

class SimulatedFirmware {
 public:
  /// A program of the keep's machine: its file, and what this process sees of it. The simulator
  /// reads the file itself, so that the bytes need not be sent.
  struct Source {
    os::BorrowedFd file;
    core::ByteView bytes;  ///< outlives this object
  };
  /// Starts merlon-simulator, which lies beside this program, with the platform in the directory
  /// `platform`. It ends when this object does. `signature` is what the keep's owner signed.
  ///
  /// Errors: NotFound (no such program).
  [[nodiscard]] static core::Result<SimulatedFirmware, HostError> start(
      const std::string& platform, std::span<const Source> sources,
      std::optional<LaunchSignature> signature);

  /// The same with whoever is at the other end of `channel`.
  [[nodiscard]] static SimulatedFirmware over(os::Fd channel, std::span<const Source> sources,
                                              std::optional<LaunchSignature> signature) {
    return {std::move(channel), sources, std::move(signature)};
  }

  /// SNP_LAUNCH_START, with the policy that the owner signed, else that of every keep of ours.
  /// Nobody waits for the answer yet; what went wrong is told by the first step after it.
  void begin();
  /// SNP_LAUNCH_UPDATE. Of Secrets what the firmware has put there, else nothing.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> update(image::PageKind kind,
                                                               std::uint64_t address,
                                                               core::ByteView bytes);
  /// Why the simulator would have no more to do with it, in its words: there is no platform in the
  /// directory, or a spoilt one. It says what to do.
  [[nodiscard]] const std::optional<HostError>& refusal() const noexcept { return refusal_; }

  /// SNP_LAUNCH_FINISH, with the owner's ID block if there is one; the processor refuses a keep
  /// that is another than was signed, and the error says so. In world Collapsed nothing divides
  /// shim and keep; that the evidence says so in a field of its own, HOST_DATA, makes every policy
  /// refuse it that does not name this very value. It begins with the text "SIMULATOR: world
  /// collapsed".
  [[nodiscard]] core::Result<void> finish(sallyport::World world);

  /// Says that the keep will send messages, so that their answers come sooner; at any time, and the
  /// sooner the better. Where nobody listens any more, the next step tells.
  void expect_messages();
  /// Carries an Attest of the keep, and the answer. A refusal is an errno without a reason: that is
  /// for the keep's ears only.
  [[nodiscard]] sallyport::Outcome attest(const sallyport::Request& request);

 private:
  /// What the keep's message is answered, or its status is. It travels as a page of its own.
  [[nodiscard]] core::Result<launch::FirmwareAnswer> carry(core::ByteView message);
  SimulatedFirmware(os::Fd channel, std::span<const Source> sources,
                    std::optional<LaunchSignature> signature);
  /// Where the simulator finds the same bytes; nothing if they must be sent.
  [[nodiscard]] std::optional<launch::PageSource> source_of(image::PageKind kind,
                                                            core::ByteView bytes) const noexcept;
  /// The answer to the request that waits longest for one.
  [[nodiscard]] core::Result<launch::FirmwareAnswer> hear();
  [[nodiscard]] core::Result<launch::FirmwareAnswer> ask(const launch::FirmwareRequest& request,
                                                         core::ByteView payload);
  /// The answer to a step of the launch, which must be Success.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> step(const launch::FirmwareRequest& request,
                                                             core::ByteView payload);

  os::Fd channel_;
  std::vector<core::ByteView> sources_;
  std::optional<LaunchSignature> signature_;
  bool is_begun_ = false;  // and the answer to that was heard
  std::optional<HostError> refusal_;
};

}  // namespace merlon::host::kvm
