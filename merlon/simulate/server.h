#pragma once

// Serves one guest: its launch first, then its requests, as they come over a channel
// (merlon/launch/firmware.h).

#include <optional>

#include "merlon/os/fd.h"
#include "merlon/simulate/launch_context.h"
#include "merlon/simulate/security_processor.h"

namespace merlon::simulate {

/// A host that says "busy" to guests' requests as it likes; the same for the same seed, so that a
/// test that fails can be run again.
class Throttle {
 public:
  explicit Throttle(std::uint64_t seed) noexcept : state_(seed) {}
  [[nodiscard]] bool is_busy() noexcept;

 private:
  std::uint64_t state_;
};

class Server {
 public:
  /// `files` are what UpdateFrom names. Errors as LaunchContext::create().
  [[nodiscard]] static core::Result<Server> create(LatePlatform platform,
                                                   std::optional<Throttle> throttle,
                                                   PageFiles files = {});

  /// Nothing for a request that has no answer. InvalidPlatformState, with a text for people, to
  /// what needs a platform that is spoilt, or a guest whose pages could not be read. The payload
  /// may be a secret: see LaunchContext::update(). Errors: Internal.
  [[nodiscard]] core::Result<std::optional<launch::FirmwareAnswer>> answer(
      launch::FirmwareRequest request);

  /// Until the other end closes, which is no error. Errors: those of the channel · Internal.
  [[nodiscard]] core::Result<void> serve(os::BorrowedFd channel);

 private:
  Server(LatePlatform platform, std::optional<Throttle> throttle, LaunchContext context)
      : platform_(std::move(platform)), throttle_(throttle), context_(std::move(context)) {}
  [[nodiscard]] core::Result<launch::FirmwareAnswer> perform(launch::FirmwareRequest request);
  /// What the guest's first request would have to wait for, until somebody says something.
  void work_ahead(os::BorrowedFd channel);
  /// Makes a guest that has been launched ready for its requests.
  void settle();
  [[nodiscard]] core::Result<launch::FirmwareAnswer> guest_request(core::ByteView page);
  [[nodiscard]] launch::FirmwareAnswer certificates();

  LatePlatform platform_;
  std::optional<Throttle> throttle_;
  LaunchContext context_;
  std::optional<SecurityProcessor> processor_;  // once the guest runs
  bool is_expecting_ = false;                   // requests of the guest, for which it works ahead
  std::string refusal_;                         // why there is none and will be none
};

}  // namespace merlon::simulate
