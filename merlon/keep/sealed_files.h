#pragma once

// The mount whose files outlive the keep: a sealed volume, read whole when the workload starts, a
// tree in memory while it runs, and brought back to the host's store when the workload asks for it
// (fd_sync), some seconds after a change in a wait, and at the end.

#include <memory>
#include <string>

#include "merlon/files/tree.h"
#include "merlon/keep/self.h"
#include "merlon/keep/work.h"
#include "merlon/launch/store.h"
#include "merlon/sealed/volume.h"
#include "merlon/wasi/chore.h"
#include "merlon/wasi/context.h"

namespace merlon::keep {

class SealedFiles final : public files::Backing, public wasi::Chore {
 public:
  /// Opens the launch's volume, or makes it. What is good to know goes to the work's voice. All are
  /// borrowed. The error is a line for the user.
  [[nodiscard]] static core::Result<std::shared_ptr<SealedFiles>, std::string> open(
      Work& work, Self& self, const crypto::Sha256Digest& module, base::Budget& budget,
      std::uint64_t max_bytes, wasi::Context& context);
  ~SealedFiles() override;

  [[nodiscard]] const std::shared_ptr<files::Tree>& tree() const noexcept { return tree_; }

  /// Errors: Nospc (no room, the state before stands) · Io: the store's trouble; or the host
  /// carries nothing of the talk any more, so that the tenant does not hear how far the volume has
  /// come.
  [[nodiscard]] os::Result<void> keep() override;

  void add_awaited(std::vector<os::PollItem>& /*items*/) const override {}
  [[nodiscard]] std::optional<std::chrono::nanoseconds> rest() override;
  void work() override;

 private:
  class Store;
  class Keys;
  class Teller;

  SealedFiles(Work& work, Self& self);
  [[nodiscard]] core::Result<void, std::string> fill(const sealed::Opened& opened,
                                                     base::Budget& budget);

  std::shared_ptr<Voice> voice_;
  std::string name_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<sealed::PlatformKeys> keys_;
  std::unique_ptr<Teller> teller_;
  std::optional<sealed::Volume> volume_;
  std::shared_ptr<files::Tree> tree_;
  std::uint64_t kept_version_ = 0;  ///< of the tree, in the store
  std::uint64_t changed_at_ = 0;    ///< monotonic nanoseconds, of the first change since
  bool has_told_trouble_ = false;
};

}  // namespace merlon::keep
