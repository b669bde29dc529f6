#pragma once

// The certificate of a keep over the keep's life: what is shown now, and the chore that has it
// renewed at two thirds of its life, each time with fresh evidence.

#include <functional>
#include <memory>

#include "merlon/keep/steward_talk.h"
#include "merlon/keep/vouching.h"
#include "merlon/wasi/chore.h"

namespace merlon::keep {

/// Seconds since 1970.
using Now = std::function<std::int64_t()>;

/// What the keep shows of itself. Who shows it looks here each time.
struct Shown {
  Vouching vouching;
  std::uint64_t version = 0;  ///< another one with each renewal
};

/// When to renew what was obtained at `now` and holds until `until`: at two thirds of its life, a
/// tenth of it earlier or later by `random`, so that keeps that were started together do not ask
/// together.
[[nodiscard]] std::int64_t renewal_time(std::int64_t now, std::int64_t until,
                                        std::uint32_t random) noexcept;
/// When to try again after so many tries that failed in a row: soon, then more and more rarely, but
/// several times before `until`; behind it every few minutes.
[[nodiscard]] std::int64_t retry_time(std::int64_t now, std::int64_t until, unsigned failures,
                                      std::uint32_t random) noexcept;

class Renewal final : public wasi::Chore {
 public:
  /// `self` and `steward` outlive it. `report` tells people what fails.
  Renewal(Self& self, const launch::Steward& steward, std::shared_ptr<StewardLine> line,
          std::shared_ptr<Shown> shown, Now now, std::function<void(std::string_view)> report);

  void add_awaited(std::vector<os::PollItem>& items) const override;
  [[nodiscard]] std::optional<std::chrono::nanoseconds> rest() override;
  void work() override;

 private:
  void begin(std::int64_t now);
  void end(const core::Result<Vouching, std::string>& outcome, std::int64_t now);

  Self& self_;
  const launch::Steward& steward_;
  std::shared_ptr<StewardLine> line_;
  std::shared_ptr<Shown> shown_;
  Now now_;
  std::function<void(std::string_view)> report_;
  std::unique_ptr<StewardTalk> talk_;  ///< while one goes on
  std::int64_t next_ = 0;              ///< when the next one begins
  std::int64_t give_up_ = 0;           ///< when this one has taken too long
  unsigned failures_ = 0;              ///< in a row
};

}  // namespace merlon::keep
