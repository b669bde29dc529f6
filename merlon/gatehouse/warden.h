#pragma once

// The process that stays with one keep: it starts it, keeps what the keep says in a file, and hands
// over what the gatehouse brings. The keep ends with it, and it outlives the gatehouse.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "merlon/core/result.h"
#include "merlon/gatehouse/control.h"
#include "merlon/gatehouse/keep_folder.h"
#include "merlon/host/keep.h"

namespace merlon::gatehouse {

/// What a warden needs of a keep that has proved itself.
class Ward {
 public:
  Ward() = default;
  virtual ~Ward() = default;
  Ward(const Ward&) = delete;
  Ward& operator=(const Ward&) = delete;

  /// Before it is taken: is closed when the keep ends.
  [[nodiscard]] virtual os::BorrowedFd channel() const noexcept = 0;
  /// That, for the delivery and for the talk with the keep behind it. Once.
  [[nodiscard]] virtual os::Fd take_channel() = 0;
  virtual void signal(int number) noexcept = 0;
  /// Waits for its end: "exited 0", "killed 9", "unknown".
  [[nodiscard]] virtual std::string wait() = 0;
};

class Warden {
 public:
  struct Settings {
    host::MachineOptions machine{};
    std::string volumes{};           ///< the folder of the tenant's
    std::uint64_t volume_bytes = 0;  ///< that one may hold; 0: host::VolumeLimits
    bool reaches_local = false;      ///< whether the keep may connect with this machine itself
  };
  /// Starts the keep that the folder's request asks for, and notes its proof. `relay` outlives it.
  [[nodiscard]] static core::Result<Warden, std::string> start(const KeepFolder& folder,
                                                               const Settings& settings,
                                                               const os::SignalRelay& relay);
  struct Limits {
    std::chrono::nanoseconds hand_over = hand_over_limit;      ///< then the keep is killed
    std::chrono::nanoseconds grace = std::chrono::seconds(5);  ///< of a keep that is to end
  };
  /// For a keep that is there, in its folder; none where that has no record any more.
  [[nodiscard]] static core::Result<Warden, std::string> of(const KeepFolder& folder,
                                                            std::unique_ptr<Ward> keep,
                                                            Limits limits);

  /// Until the keep has ended, which is noted.
  void stay();

 private:
  Warden(KeepFolder folder, std::unique_ptr<Ward> keep, Limits limits, os::Fd listener,
         os::Fd output) noexcept
      : folder_(std::move(folder)),
        keep_(std::move(keep)),
        limits_(limits),
        listener_(std::move(listener)),
        output_(std::move(output)) {}

  /// What is under way, and must not wait for ever.
  struct HandOver {
    os::Fd asker;  ///< is answered when the keep has all of it
    std::vector<std::uint8_t> bytes;
    std::size_t taken = 0;
    std::uint64_t until = 0;
  };

  void serve(os::Fd connection);
  void answer(os::BorrowedFd connection, Outcome outcome) const;
  /// Takes them, and nothing else waits for the keep to do so; else why not.
  [[nodiscard]] std::optional<Outcome> begin(os::Fd& asker, std::vector<std::uint8_t>& sealed);
  void pass_delivery();
  void end_hand_over(Outcome outcome);
  [[nodiscard]] Outcome take_input(std::uint64_t position, core::ByteView bytes);
  void stop();
  /// False at the end of what the keep says.
  [[nodiscard]] bool take_output();
  void pass_input();

  KeepFolder folder_;
  std::unique_ptr<Ward> keep_;
  Limits limits_;
  os::Fd listener_;
  os::Fd output_;
  os::Fd talk_;  ///< with the keep, since its delivery
  std::optional<HandOver> hand_over_;
  std::vector<std::uint8_t> input_;
  std::uint64_t input_taken_ = 0;  ///< bytes of the talk to the keep, in all
  std::uint64_t output_size_ = 0;
  std::uint64_t kill_at_ = 0;  ///< nanoseconds of the monotonic clock; 0: not
};

}  // namespace merlon::gatehouse
