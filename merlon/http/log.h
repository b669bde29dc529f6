#pragma once

// The log: one JSON object a line, written by a thread of its own, so that a reader who is slow
// keeps nobody waiting; what he does not take is counted and lost.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/http/message.h"
#include "merlon/http/server.h"
#include "merlon/os/thread.h"

namespace merlon::http {

/// {"time":…,"level":…,"event":…,name:value…} without a line end.
[[nodiscard]] std::string log_line(codec::UnixTime time, std::string_view level,
                                   std::string_view event, const std::vector<Header>& fields);

/// The line of one request. Neither bodies nor headers nor queries are in it; `path` is what it
/// says of the request's, parts of which may be a secret.
[[nodiscard]] std::string request_line(codec::UnixTime time, const Exchange& exchange,
                                       std::string_view path);
[[nodiscard]] inline std::string request_line(codec::UnixTime time, const Exchange& exchange) {
  return request_line(time, exchange, exchange.request.path());
}

class Log {
 public:
  static constexpr std::size_t max_waiting = 10'000;
  /// Takes lines, each with its end, in pieces that a pipe takes whole, if they are not longer; may
  /// wait. False: they are lost.
  using Sink = std::function<bool(std::string_view lines)>;

  /// `when_lost` is told of each line that could not wait any more. Errors: Again.
  [[nodiscard]] static os::Result<std::unique_ptr<Log>> start(Sink sink,
                                                              std::function<void()> when_lost);
  /// Writes what waits, then ends.
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  /// Any thread; never waits for the reader.
  void line(std::string_view line);

 private:
  Log() = default;
  void write() noexcept;
  /// All of `writing_`, piece by piece.
  void write_out() noexcept;

  /// Lines that come one after the other wake the thread once.
  static constexpr std::chrono::milliseconds rest{1};

  std::mutex mutex_;
  std::condition_variable there_are_lines_;
  std::condition_variable it_ends_;
  // One text for all lines, which the writer exchanges for another: what one thread allocates and
  // another frees has both wait for each other.
  std::string waiting_;
  std::string writing_;
  std::size_t lines_ = 0;  ///< in both
  bool ending_ = false;
  Sink sink_;
  std::function<void()> when_lost_;
  std::optional<os::Thread> thread_;
};

}  // namespace merlon::http
