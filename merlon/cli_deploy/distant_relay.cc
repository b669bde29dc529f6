#include "merlon/cli_deploy/distant_relay.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/cli_deploy/input_sender.h"
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
  Speaker(Talk& talk, const GatehouseClient& gatehouse, const std::string& id,
          std::chrono::milliseconds patience, os::WakeUp end) noexcept
      : talk_(talk),
        end_(std::move(end)),
        sender_(gatehouse, id, patience, [this](auto pause) { return rest(pause); }) {}

  static void run(void* self) noexcept { static_cast<Speaker*>(self)->speak(); }
  void end() noexcept {
    over_.store(true, std::memory_order_release);
    end_.ring();
  }
  /// Why nothing more can be said, which the keep would wait for; nothing: as far as is known all
  /// is well. Any thread.
  [[nodiscard]] std::optional<std::string> trouble() const {
    if (!is_in_trouble_.load(std::memory_order_acquire)) return std::nullopt;
    return trouble_;
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
      const auto sent =
          sender_.send(last ? talk_.input_end() : talk_.input(core::ByteView(bytes).first(*got)));
      if (!sent) {
        trouble_ = sent.error().text;
        is_in_trouble_.store(true, std::memory_order_release);
      }
      if (last || !sent || !*sent) return;
    }
  }

  bool rest(std::chrono::milliseconds pause) const {
    std::array<os::PollItem, 1> items{{{end_.fd().number(), POLLIN, 0}}};
    static_cast<void>(os::poll(items, pause));
    return !is_over();
  }

  Talk& talk_;
  os::WakeUp end_;
  InputSender sender_;
  std::atomic<bool> over_{false};
  std::string trouble_;  ///< is not touched any more once it is told
  std::atomic<bool> is_in_trouble_{false};
};

Result<void> hear(Talk& talk, const GatehouseClient& gatehouse, const std::string& id,
                  Streams& streams, bool waits, std::chrono::seconds patience,
                  const Speaker* speaker = nullptr) {
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
    // The workload may have ended meanwhile, and is heard first.
    const auto unsaid =
        speaker != nullptr && output.bytes.empty() ? speaker->trouble() : std::nullopt;
    if (unsaid) return Failure{*unsaid, Status::Unusable};
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
  // Longer than it takes a gatehouse to start again, whoever hears: what is not said is lost.
  constexpr std::chrono::seconds least{30};
  Speaker speaker(talk, gatehouse, id, std::max(patience, least), *std::move(bell));
  const auto thread = os::Thread::start(&Speaker::run, &speaker);
  if (!thread) return Failure{"no more threads", Status::Unusable};
  auto heard = hear(talk, gatehouse, id, streams, true, patience, &speaker);
  speaker.end();
  return heard;
}

}  // namespace merlon::cli_deploy
