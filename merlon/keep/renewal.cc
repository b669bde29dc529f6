#include "merlon/keep/renewal.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "merlon/base/text.h"
#include "merlon/os/random.h"

namespace merlon::keep {

using base::concat;

namespace {

std::uint32_t random_number() {
  std::array<std::uint8_t, sizeof(std::uint32_t)> bytes{};
  std::uint32_t number = 0;
  if (os::fill_random(bytes)) std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}

/// `part` per mille of `whole`.
std::int64_t part_of(std::int64_t whole, std::int64_t part) noexcept { return whole / 1000 * part; }

}  // namespace

std::int64_t renewal_time(std::int64_t now, std::int64_t until, std::uint32_t random) noexcept {
  const std::int64_t life = std::max<std::int64_t>(until - now, 0);
  constexpr std::int64_t earliest = 567;  // per mille: two thirds less a tenth
  constexpr std::int64_t spread = 200;
  return now + life * (earliest + static_cast<std::int64_t>(random % (spread + 1))) / 1000;
}

std::int64_t retry_time(std::int64_t now, std::int64_t until, unsigned failures,
                        std::uint32_t random) noexcept {
  constexpr std::int64_t shortest = 5;
  constexpr std::int64_t longest = 3600;
  constexpr unsigned most_doublings = 10;
  const std::int64_t pause =
      std::min(longest, shortest << std::min(failures == 0 ? 0 : failures - 1, most_doublings));
  // With half as much again, at most; and never so late that few tries are left.
  const std::int64_t jittered = pause + part_of(pause * 1000, random % 501) / 1000;
  const std::int64_t left = until - now;
  if (left > 0) return now + std::clamp<std::int64_t>(left / 4, shortest, jittered);
  // Nothing is shown to anybody meanwhile; but a fleet that a Steward refuses must not ask it all
  // day.
  constexpr std::int64_t longest_over = 300;
  return now + std::min(jittered, longest_over + part_of(longest_over * 1000, random % 501) / 1000);
}

Renewal::Renewal(Self& self, const launch::Steward& steward, std::shared_ptr<StewardLine> line,
                 std::shared_ptr<Shown> shown, Now now,
                 std::function<void(std::string_view)> report)
    : self_(self),
      steward_(steward),
      line_(std::move(line)),
      shown_(std::move(shown)),
      now_(std::move(now)),
      report_(std::move(report)),
      next_(renewal_time(now_(), shown_->vouching.until, random_number())) {}

void Renewal::add_awaited(std::vector<os::PollItem>& items) const {
  if (talk_) talk_->add_awaited(items);
}

std::optional<std::chrono::nanoseconds> Renewal::rest() {
  // Looked at anew each minute: the clock may be set.
  constexpr std::int64_t longest = 60;
  const std::int64_t due = (talk_ ? give_up_ : next_) - now_();
  return std::chrono::seconds(std::clamp<std::int64_t>(due, 0, longest));
}

void Renewal::begin(std::int64_t now) {
  constexpr std::int64_t longest_talk = 60;
  auto requests = self_.fresh_requests();
  if (!requests) {
    end(std::string(requests.error().message()), now);
    return;
  }
  give_up_ = now + longest_talk;
  line_->is_busy = true;
  talk_ = std::make_unique<StewardTalk>(steward_, line_->dialer, *std::move(requests), now);
}

void Renewal::work() {
  const std::int64_t now = now_();
  if (!talk_ && now < next_) return;
  if (!talk_) begin(now);
  if (!talk_) return;
  switch (talk_->step()) {
    case StewardTalk::State::Waiting:
      if (now >= give_up_) end(std::string("no answer in time"), now);
      return;
    case StewardTalk::State::Failed: end(talk_->trouble(), now); return;
    case StewardTalk::State::Answered: break;
  }
  const auto keys = self_.keys();
  if (!keys) return end(std::string(keys.error().message()), now);
  end(parse_pki_path(talk_->answer(), (*keys)->tls_spki(), now), now);
}

void Renewal::end(const core::Result<Vouching, std::string>& outcome, std::int64_t now) {
  talk_.reset();
  line_->is_busy = false;
  if (outcome) {
    shown_->vouching = *outcome;
    ++shown_->version;
    failures_ = 0;
    next_ = std::max(renewal_time(now, outcome->until, random_number()), now + 1);
    return;
  }
  ++failures_;
  next_ = retry_time(now, shown_->vouching.until, failures_, random_number());
  report_(concat("the certificate is not renewed: steward ", url_of(steward_), ": ",
                 outcome.error(), "; next try in ", next_ - now, " s, it ends in ",
                 shown_->vouching.until - now, " s"));
}

}  // namespace merlon::keep
