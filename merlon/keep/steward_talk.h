#pragma once

// One talk of a keep with its Steward: connect, prove who is who, ask for a certificate or for
// something else, hear the answer. Goes on whenever it can and never waits, so that a workload can
// run meanwhile.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "merlon/http_client/exchange.h"
#include "merlon/keep/self.h"
#include "merlon/launch/tls_settings.h"
#include "merlon/os/fd.h"
#include "merlon/tls/session.h"

namespace merlon::keep {

/// As people write it: https://steward.example:8443/a
[[nodiscard]] std::string url_of(const launch::Steward& steward);

/// The way to the Steward, on which one talk goes on at a time.
struct StewardLine {
  os::Fd dialer;
  bool is_busy = false;
};

class StewardTalk {
 public:
  /// One that is put to the Steward.
  struct Question {
    std::string method;
    std::string path;  ///< the whole of it
    std::string content_type;
    std::string accept;
    std::vector<std::uint8_t> body;
  };

  enum class State : std::uint8_t { Waiting, Answered, Failed };

  /// `steward` and `dialer` outlive it. The Steward's own certificate must hold at `now`, seconds
  /// since 1970. One that cannot read the request is asked again as Enarx's is.
  StewardTalk(const launch::Steward& steward, os::BorrowedFd dialer, Self::Requests requests,
              std::int64_t now);

  StewardTalk(const launch::Steward& steward, os::BorrowedFd dialer, Question question,
              std::int64_t now);

  [[nodiscard]] State step();
  /// For what to poll while it waits.
  void add_awaited(std::vector<os::PollItem>& items) const;
  /// The body of the answer, from the Steward.
  [[nodiscard]] const std::vector<std::uint8_t>& answer() const noexcept { return answer_; }
  /// Why there is none, for people.
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  enum class Stage : std::uint8_t { Ask, Dial, Shake, Exchange, Over };

  [[nodiscard]] State go_on();
  [[nodiscard]] State fail(std::string why);
  [[nodiscard]] std::optional<std::string> take_connection();
  [[nodiscard]] State hear();

  const launch::Steward& steward_;
  os::BorrowedFd dialer_;
  std::int64_t now_;
  Stage stage_ = Stage::Ask;
  Question question_;
  std::vector<std::uint8_t> as_enarx_;  ///< to be asked if the other is not understood
  std::unique_ptr<tls::Session> session_;
  std::optional<http_client::Exchange> exchange_;
  std::vector<std::uint8_t> answer_;
  std::string trouble_;
};

/// Goes on until its end, which is the answer, or why there is none, for people. Waits for 30 s at
/// most.
[[nodiscard]] core::Result<std::vector<std::uint8_t>, std::string> finish(StewardTalk& talk);

/// Why a Steward refused, for people, of its problem in JSON [RFC9457]; empty if it has none.
[[nodiscard]] std::string problem_text(core::ByteView json);

}  // namespace merlon::keep
