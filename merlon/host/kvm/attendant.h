#pragma once

// A keep that asks often is looked after by a thread that reads its block without being rung for:
// stopping the keep's processor costs more than most requests do. After a short while without a
// request the thread sleeps again.

#include <atomic>
#include <memory>
#include <optional>

#include "merlon/os/clock.h"
#include "merlon/os/thread.h"

namespace merlon::host::kvm {

/// What an attendant looks after. The calls come from its thread.
class Attended {
 public:
  virtual ~Attended() = default;
  /// Tells the keep whether it needs to ring.
  virtual void set_attended(bool attended) noexcept = 0;
  [[nodiscard]] virtual bool has_request() const noexcept = 0;
  /// Serves the request that waits. False: it is left for the doorbell, and so are all others.
  [[nodiscard]] virtual bool serve_unasked() noexcept = 0;
};

class Attendant {
 public:
  /// Makes the thread, asleep. `keep` outlives it.
  [[nodiscard]] static os::Result<std::unique_ptr<Attendant>> start(Attended& keep);
  Attendant(const Attendant&) = delete;
  Attendant& operator=(const Attendant&) = delete;
  ~Attendant();

  /// Has it look after the keep for a while; costs nothing when it does already. The keep runs on
  /// the caller's processor, where the attendant would only stand in its way.
  void wake() noexcept;

 private:
  enum class State : std::uint32_t { Asleep, Awake, Ending };

  explicit Attendant(Attended& keep) noexcept : keep_(&keep) {}
  void run() noexcept;
  void look_after() noexcept;

  Attended* keep_;
  os::Processors usable_ = os::Processors::usable();
  std::atomic<int> keeps_processor_ = -1;
  std::atomic<State> state_ = State::Asleep;
  std::optional<os::Thread> thread_;
};

/// Finds out when a keep asks often: then rings follow each other within attention().
class Pace {
 public:
  /// How long after a request the next one is expected.
  [[nodiscard]] static constexpr std::uint64_t attention() noexcept { return 200'000; }

  /// A request came. True when it was one of many, once in a while.
  [[nodiscard]] bool ring(std::uint64_t now) noexcept;
  /// It has been answered.
  void rest(std::uint64_t now) noexcept { rested_at_ = now; }

 private:
  static constexpr unsigned many = 64;

  std::uint64_t rested_at_ = 0;
  unsigned quick_ = 0;
};

}  // namespace merlon::host::kvm
