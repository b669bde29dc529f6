#include "merlon/host/aesm/quote_service.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"

namespace merlon::host::aesm {

using base::concat;
using core::ErrorCode;
using launch::AesmAnswer;
using launch::AesmCommand;
using launch::AesmRequest;
using Bytes = std::vector<std::uint8_t>;

namespace {

constexpr std::size_t target_size = 512;
constexpr std::size_t report_size = 432;
constexpr std::uint64_t max_quote_size = 65'536;
constexpr std::uint64_t most_keys = 16;
constexpr std::uint64_t max_key_id_size = 4096;

/// Until when something is waited for.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds patience) {
    const auto now = os::now(os::Clock::Monotonic);
    const std::uint64_t time =
        std::chrono::nanoseconds(patience).count() > 0
            ? static_cast<std::uint64_t>(std::chrono::nanoseconds(patience).count())
            : 0;
    end_ = now ? *now + time : 0;
  }

  /// Exhausted when it is over.
  [[nodiscard]] core::Result<void> wait(os::BorrowedFd channel, short events) const {
    for (;;) {
      const auto now = os::now(os::Clock::Monotonic);
      if (!now || *now >= end_) return core::error(ErrorCode::Exhausted, "does not answer");
      std::array items{os::PollItem{channel.number(), events, 0}};
      const auto ready = os::poll(items, std::chrono::nanoseconds(end_ - *now));
      if (ready && *ready > 0) return {};
      if (!ready && ready.error() != os::Errno::Intr) {
        return os::to_error(ready.error(), "cannot be waited for");
      }
    }
  }

 private:
  std::uint64_t end_ = 0;
};

core::Result<void> write_before(const Deadline& deadline, os::BorrowedFd channel,
                                core::ByteView bytes) {
  // A question fits into any socket's buffer: whoever does not read is noticed by his silence.
  TRY(deadline.wait(channel, POLLOUT));
  const auto written = os::write_all(channel, bytes);
  if (!written) return os::to_error(written.error(), "takes no question");
  return {};
}

core::Result<void> read_before(const Deadline& deadline, os::BorrowedFd channel,
                               core::ByteSpan bytes) {
  while (!bytes.empty()) {
    TRY(deadline.wait(channel, POLLIN));
    const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
    const auto size = os::read(channel, into);
    if (!size && (size.error() == os::Errno::Intr || size.error() == os::Errno::Again)) continue;
    if (!size) return os::to_error(size.error(), "cannot be heard");
    if (*size == 0) return core::error(ErrorCode::Malformed, "ended without an answer");
    bytes = bytes.subspan(*size);
  }
  return {};
}

}  // namespace

QuoteService QuoteService::at(std::string path, std::chrono::milliseconds patience) {
  return {os::Fd(), std::move(path), patience};
}

QuoteService QuoteService::over(os::Fd channel, std::string name,
                                std::chrono::milliseconds patience) {
  return {std::move(channel), std::move(name), patience};
}

HostError QuoteService::trouble(ErrorCode code, std::string_view what) const {
  const std::string_view who = channel_.is_open() ? "" : "aesmd ";
  return {code, concat(who, base::printable(name_), " ", what)};
}

core::Result<AesmAnswer> QuoteService::carry(os::BorrowedFd channel, const AesmRequest& request) {
  const Deadline deadline(patience_);
  TRY(write_before(deadline, channel, launch::aesm_frame(request.bytes())));
  std::array<std::uint8_t, 4> head{};
  TRY(read_before(deadline, channel, head));
  Bytes message(TRY(launch::aesm_frame_size(head)));
  TRY(read_before(deadline, channel, message));
  AesmAnswer answer = TRY(AesmAnswer::parse(message));
  if (answer.command != request.command) {
    return core::error(ErrorCode::Malformed, "answers another question");
  }
  return answer;
}

Result<AesmAnswer> QuoteService::ask(AesmRequest request) {
  const auto patience = std::chrono::duration_cast<std::chrono::microseconds>(patience_);
  request.timeout = static_cast<std::uint32_t>(
      std::min<std::int64_t>(std::max<std::int64_t>(patience.count(), 1), UINT32_MAX));
  if (is_over_) return trouble(ErrorCode::NotFound, "is not spoken with any more");
  os::Fd own;
  if (!channel_.is_open()) {
    auto connected = os::connect_local(name_, patience);
    if (!connected) {
      const bool late = connected.error() == os::Errno::Again;
      return trouble(late ? ErrorCode::Exhausted : ErrorCode::NotFound,
                     late ? "does not answer"
                          : concat("cannot be reached: ", os::describe(connected.error()),
                                   "; merlon platform info says more"));
    }
    own = *std::move(connected);
  }
  const auto answer = carry(channel_.is_open() ? os::BorrowedFd(channel_) : own, request);
  if (!answer) {
    is_over_ = channel_.is_open();
    const core::Error& error = answer.error();
    return trouble(error.code,
                   error.code == ErrorCode::Malformed || error.code == ErrorCode::Unsupported
                       ? concat("gives no answer that can be used: ", error.what)
                       : std::string(error.what));
  }
  if (answer->error != 0) {
    const bool busy = answer->error == launch::aesm_busy;
    return trouble(busy ? ErrorCode::Unavailable : ErrorCode::Denied,
                   concat(busy ? "has no time now: " : "refuses: ",
                          launch::aesm_error_name(answer->error), " (", answer->error, ")"));
  }
  return *answer;
}

Result<Bytes> QuoteService::key() {
  if (!key_.empty()) return key_;
  const AesmAnswer count = TRY(ask({.command = AesmCommand::KeyCount}));
  if (count.number == 0 || count.number > most_keys) {
    return trouble(ErrorCode::Unsupported, concat("has ", count.number, " attestation keys"));
  }
  const std::uint64_t room = count.number * launch::aesm_key_size;
  const AesmAnswer keys = TRY(ask({.command = AesmCommand::Keys, .room = room}));
  if (keys.content.size() != room) {
    return trouble(ErrorCode::Malformed, "names attestation keys of another size");
  }
  for (core::ByteView rest = keys.content; !rest.empty();
       rest = rest.subspan(launch::aesm_key_size)) {
    const core::ByteView each = rest.first(launch::aesm_key_size);
    if (launch::algorithm_of(each) != launch::aesm_ecdsa_p256) continue;
    key_.assign(each.begin(), each.end());
    return key_;
  }
  return trouble(ErrorCode::Unsupported, "has no attestation key of ECDSA on P-256");
}

Result<Bytes> QuoteService::target() {
  const Bytes key = TRY(this->key());
  const AesmAnswer size = TRY(ask({.command = AesmCommand::InitQuote, .key = key}));
  if (size.number == 0 || size.number > max_key_id_size) {
    return trouble(ErrorCode::Malformed, "has an attestation key whose id has no size");
  }
  AesmAnswer answer = TRY(ask(
      {.command = AesmCommand::InitQuote, .key = key, .wants_key_id = true, .room = size.number}));
  if (answer.content.size() != target_size) {
    return trouble(ErrorCode::Malformed, "names no quoting enclave");
  }
  return std::move(answer.content);
}

Result<Bytes> QuoteService::quote(core::ByteView report) {
  if (report.size() != report_size) return trouble(ErrorCode::Malformed, "is shown no REPORT");
  const Bytes key = TRY(this->key());
  const AesmAnswer size = TRY(ask({.command = AesmCommand::QuoteSize, .key = key}));
  if (size.number == 0 || size.number > max_quote_size) {
    return trouble(ErrorCode::Malformed, concat("makes quotes of ", size.number, " bytes"));
  }
  AesmAnswer answer = TRY(ask({.command = AesmCommand::Quote,
                               .key = key,
                               .report = {report.begin(), report.end()},
                               .room = size.number}));
  if (answer.content.empty() || answer.content.size() > size.number) {
    return trouble(ErrorCode::Malformed, "gives a quote of another size than it said");
  }
  return std::move(answer.content);
}

}  // namespace merlon::host::aesm
