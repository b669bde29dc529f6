#pragma once

// VCEKs that are not there when a request needs one. AMD's key server takes about one question in
// 10 seconds from an address, and at times none for hours: so there is one question at a time, for
// whoever waits for the same chip together, and long pauses while it does not answer. Reports are
// attacker-controlled: whoever sends made-up chips gets a question in 10 seconds out of this, and
// no more.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "merlon/steward_service/fetching.h"

namespace merlon::steward_service {

class Vceks {
 public:
  struct World {
    /// Asks for one, for 5 seconds at most.
    std::function<FetchOutcome(const snp::Report&)> ask;
    std::function<bool()> use;          ///< has what came counted from now on; false: it cannot
    std::function<std::int64_t()> now;  ///< seconds; never goes back
    std::function<double()> random;     ///< from 0 to 1
    std::function<void(const snp::Report&, const FetchOutcome&)> tell;  ///< what came of it
    std::size_t waiting = 1;  ///< requests that may wait at the same time
  };
  static constexpr std::int64_t between = 10;          ///< seconds, of questions
  static constexpr std::int64_t longest_pause = 600;   ///< while there is no answer
  static constexpr std::int64_t unknown_pause = 3600;  ///< for a chip that AMD does not know
  static constexpr std::size_t max_unknown = 1024;

  explicit Vceks(World world) : world_(std::move(world)) {}

  /// True: it counts now, so judge again. False: not yet, or never. Any thread; may take 5 seconds.
  [[nodiscard]] bool obtain(const snp::Report& report);

 private:
  using Key = std::string;  ///< chip and reported TCB, as bytes
  [[nodiscard]] bool wait_for(std::unique_lock<std::mutex>& lock);
  void note(const Key& key, Fetched what);
  [[nodiscard]] std::int64_t jittered(std::int64_t seconds) const;

  World world_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::optional<Key> running_;
  bool came_ = false;            ///< of the last question
  std::uint64_t questions_ = 0;  ///< that came to an end
  std::size_t waiting_ = 0;
  int failures_ = 0;
  std::int64_t not_before_ = INT64_MIN;
  std::map<Key, std::int64_t> unknown_;  ///< until when not to ask again
};

}  // namespace merlon::steward_service
