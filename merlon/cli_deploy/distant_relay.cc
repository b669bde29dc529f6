#include "merlon/cli_deploy/distant_relay.h"

#include <array>
#include <atomic>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/cli_deploy/streams.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/poll.h"
#include "merlon/os/thread.h"

namespace merlon::cli_deploy {

using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

constexpr std::size_t one_read = std::size_t{32} << 10U;

/// Standard input on its way to the keep, beside what is heard. Of the talk it uses what makes
/// records, which nobody else does meanwhile.
class Speaker {
 public:
  Speaker(Talk& talk, const GatehouseClient& gatehouse, std::string id, os::WakeUp end) noexcept
      : talk_(talk), gatehouse_(gatehouse), id_(std::move(id)), end_(std::move(end)) {}

  static void run(void* self) noexcept { static_cast<Speaker*>(self)->speak(); }
  void end() noexcept {
    over_.store(true, std::memory_order_release);
    end_.ring();
  }

 private:
  [[nodiscard]] bool is_over() const noexcept { return over_.load(std::memory_order_acquire); }

  void speak() {
    while (!is_over()) {
      std::array<os::PollItem, 2> items{{{0, POLLIN, 0}, {end_.fd().number(), POLLIN, 0}}};
      const auto ready = os::poll(items, std::nullopt);
      if (!ready && ready.error() != os::Errno::Intr) return;
      if (!ready || items[0].revents == 0) continue;
      std::array<std::uint8_t, one_read> bytes{};
      const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
      const auto got = os::read(os::BorrowedFd(0), into);
      if (!got && (got.error() == os::Errno::Intr || got.error() == os::Errno::Again)) continue;
      const bool last = !got || *got == 0;
      if (!send(last ? talk_.input_end() : talk_.input(core::ByteView(bytes).first(*got)))) return;
      if (last) return;
    }
  }

  /// False if nobody takes it any more.
  bool send(const std::vector<std::uint8_t>& bytes) {
    while (!is_over()) {
      const auto taken = gatehouse_.input(id_, position_, bytes);
      if (!taken) return false;
      if (*taken) {
        position_ += bytes.size();
        return true;
      }
      constexpr std::chrono::milliseconds pause{50};
      std::array<os::PollItem, 1> items{{{end_.fd().number(), POLLIN, 0}}};
      static_cast<void>(os::poll(items, pause));
    }
    return false;
  }

  Talk& talk_;
  const GatehouseClient& gatehouse_;
  std::string id_;
  os::WakeUp end_;
  std::uint64_t position_ = 0;
  std::atomic<bool> over_{false};
};

Result<void> hear(Talk& talk, const GatehouseClient& gatehouse, const std::string& id,
                  Streams& streams, bool waits, std::chrono::seconds patience) {
  constexpr std::chrono::milliseconds longest{15'000};
  constexpr std::chrono::seconds pause{1};
  std::uint64_t position = 0;
  std::optional<std::uint64_t> away_since;
  while (!talk.status()) {
    const auto output =
        TRY(gatehouse.output(id, position, waits ? longest : std::chrono::milliseconds(0)));
    if (!output.away.empty()) {
      // The keep goes on without its gatehouse, and a gatehouse that starts again finds it.
      const std::uint64_t now = os::now(os::Clock::Monotonic).value_or(0);
      const std::chrono::nanoseconds away{now - away_since.value_or(now)};
      if (!away_since) away_since = now;
      if (away >= patience) return Failure{output.away, Status::Unusable};
      static_cast<void>(os::poll({}, pause));
      continue;
    }
    away_since.reset();
    if (output.is_over || (output.bytes.empty() && !waits)) break;
    position += output.bytes.size();
    if (const auto heard = talk.hear(output.bytes, streams); !heard) {
      return Failure{heard.error(), Status::Unusable};
    }
  }
  if (streams.trouble().empty()) return {};
  return Failure{streams.trouble(), Status::Unusable};
}

}  // namespace

Result<void> carry(Talk& talk, const GatehouseClient& gatehouse, const std::string& id,
                   const cli::Terminal& terminal, Part part, std::chrono::seconds patience) {
  Streams streams(terminal);
  if (part != Part::Both) {
    return hear(talk, gatehouse, id, streams, part == Part::HearOnly, patience);
  }
  auto bell = os::WakeUp::create();
  if (!bell) return Failure{"no more descriptors", Status::Unusable};
  Speaker speaker(talk, gatehouse, id, *std::move(bell));
  const auto thread = os::Thread::start(&Speaker::run, &speaker);
  if (!thread) return Failure{"no more threads", Status::Unusable};
  auto heard = hear(talk, gatehouse, id, streams, true, patience);
  speaker.end();
  return heard;
}

}  // namespace merlon::cli_deploy
