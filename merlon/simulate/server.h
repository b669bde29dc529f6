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
  /// `platform` is borrowed and must outlive it. Errors as LaunchContext::create().
  [[nodiscard]] static core::Result<Server> create(const Platform& platform,
                                                   std::optional<Throttle> throttle);

  /// Nothing for a request that has no answer. The payload may be a secret: see
  /// LaunchContext::update(). Errors: Internal.
  [[nodiscard]] core::Result<std::optional<launch::FirmwareAnswer>> answer(
      const launch::FirmwareRequest& request);

  /// Until the other end closes, which is no error. Errors: those of the channel · Internal.
  [[nodiscard]] core::Result<void> serve(os::BorrowedFd channel);

 private:
  Server(const Platform& platform, std::optional<Throttle> throttle, LaunchContext context)
      : platform_(platform), throttle_(throttle), context_(std::move(context)) {}
  [[nodiscard]] core::Result<launch::FirmwareAnswer> perform(
      const launch::FirmwareRequest& request);
  [[nodiscard]] launch::FirmwareStatus finish(core::ByteView payload);
  [[nodiscard]] core::Result<launch::FirmwareAnswer> guest_request(core::ByteView page);

  const Platform& platform_;
  std::optional<Throttle> throttle_;
  LaunchContext context_;
  std::optional<SecurityProcessor> processor_;  // once the guest runs
};

}  // namespace merlon::simulate
