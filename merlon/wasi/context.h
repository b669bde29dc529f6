#pragma once

// Everything one guest has of the world. There is nothing ambient: what is not in its Context does
// not exist for it.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/os/poll.h"
#include "merlon/os/resolver.h"
#include "merlon/wasi/chore.h"
#include "merlon/wasi/clock_source.h"
#include "merlon/wasi/fd_table.h"
#include "merlon/wasi/network.h"
#include "merlon/wasi/poll_scratch.h"
#include "merlon/wasi/random_source.h"
#include "merlon/wasi/unsent.h"

namespace merlon::wasi {

/// Texts as args_get and environ_get hand them over: one block, each text with a NUL behind it.
class StringBlock {
 public:
  /// Malformed when a text holds a NUL; Exhausted beyond 2^32 bytes.
  [[nodiscard]] static core::Result<StringBlock> from(const std::vector<std::string>& texts);

  [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }
  /// Where each text starts in bytes().
  [[nodiscard]] const std::vector<std::uint32_t>& offsets() const noexcept { return offsets_; }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> offsets_;
};

struct ContextOptions {
  std::vector<std::string> arguments{};    ///< argv[0] first
  std::vector<std::string> environment{};  ///< "NAME=value"
  ClockSource* clocks = nullptr;           ///< none: the kernel's; else must outlive the Context
  RandomSource* random = nullptr;          ///< none: the kernel's; else must outlive the Context
  os::Resolver::Method resolution = os::Resolver::Method::Detect;
};

/// What a guest wrote and the host did not take.
struct OutputLoss {
  std::string_view file;  ///< FdEntry::loss_name
  Errno reason = Errno::Io;
};

/// One guest's arguments, environment, files, clocks and randomness. All calls of one Context come
/// from one thread, but interrupt() may come from anywhere.
class Context {
 public:
  /// Errors: as StringBlock::from().
  [[nodiscard]] static core::Result<std::unique_ptr<Context>> create(const ContextOptions& options);

  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Gives it other arguments and another environment. Errors: as create().
  [[nodiscard]] core::Result<void> begin(const std::vector<std::string>& arguments,
                                         const std::vector<std::string>& environment);
  [[nodiscard]] const StringBlock& arguments() const noexcept { return arguments_; }
  [[nodiscard]] const StringBlock& environment() const noexcept { return environment_; }
  [[nodiscard]] FdTable& files() noexcept { return files_; }
  [[nodiscard]] os::Resolver& resolver() noexcept { return resolver_; }
  [[nodiscard]] ClockSource& clocks() noexcept { return *clocks_; }
  [[nodiscard]] RandomSource& random() noexcept { return *random_; }
  [[nodiscard]] CookieBudget& cookie_budget() noexcept { return cookie_budget_; }
  /// What is done beside the guest, in every wait. The list is its owner's to fill.
  [[nodiscard]] std::vector<std::shared_ptr<Chore>>& chores() noexcept { return chores_; }
  /// Null unless somebody has set it: then the guest opens no connections.
  [[nodiscard]] const std::shared_ptr<Network>& network() const noexcept { return network_; }
  void set_network(std::shared_ptr<Network> network) noexcept { network_ = std::move(network); }
  [[nodiscard]] Unsent& unsent() noexcept { return unsent_; }
  [[nodiscard]] PollScratch& poll_scratch() noexcept { return poll_scratch_; }

  /// The first write to a file with a loss_name that failed for good, if any did. Guests may pass
  /// over such failures; their hosts should not.
  [[nodiscard]] const std::optional<OutputLoss>& output_loss() const noexcept {
    return output_loss_;
  }
  void note_loss(const FdEntry& entry, Failure failure) noexcept;

  /// Says the end of each connection that has a word for it, and lets what was written go on its
  /// way, for so long at most. For when the guest is over.
  void finish_streams(std::chrono::nanoseconds limit);

  /// Ends the call that waits now, and every later one that would wait, with Interrupted.
  /// Async-signal-safe, from any thread.
  ///
  /// A write to a pipe or terminal may sit in the kernel where it cannot watch us (Linux before
  /// 6.4; terminals always). To end that too, call this from the handler of a signal that is sent
  /// to the guest's thread, installed without SA_RESTART, and repeated until the guest is over.
  void interrupt() noexcept;
  [[nodiscard]] bool is_interrupted() const noexcept {
    return interrupted_.load(std::memory_order_seq_cst);
  }
  /// Becomes readable by interrupt(), if that comes after this call. Made at the first wait: most
  /// guests never wait. Errors: as of eventfd(2).
  [[nodiscard]] Result<os::BorrowedFd> bell() noexcept;

 private:
  /// 2 MiB of memory, 12 MiB if directories change while they are listed again and again.
  static constexpr std::size_t max_directory_places = std::size_t{1} << 18;

  Context(const ContextOptions& options, StringBlock arguments, StringBlock environment) noexcept;

  StringBlock arguments_;
  StringBlock environment_;
  CookieBudget cookie_budget_{max_directory_places};  // before the files, which give back to it
  FdTable files_;
  os::Resolver resolver_;
  SystemClocks system_clocks_;
  SystemRandom system_random_;
  ClockSource* clocks_;
  RandomSource* random_;
  PollScratch poll_scratch_;
  Unsent unsent_;
  std::vector<std::shared_ptr<Chore>> chores_;
  std::shared_ptr<Network> network_;
  std::optional<os::WakeUp> wake_up_;
  std::atomic<const os::WakeUp*> bell_{nullptr};  // wake_up_, once it can be rung
  std::optional<OutputLoss> output_loss_;
  std::atomic<bool> interrupted_{false};
};

}  // namespace merlon::wasi
