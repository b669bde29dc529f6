#pragma once

// For tests: an aesmd that checks each request as strictly as the protocol allows, and does one
// thing wrong if it is told to. Header only.

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

#include <gtest/gtest.h>

#include "merlon/launch/aesm.h"
#include "merlon/launch/stream.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"

namespace merlon::host::aesm::testing {

using Bytes = std::vector<std::uint8_t>;

inline Bytes key_of(std::uint32_t algorithm, std::uint8_t with = 7) {
  Bytes key(launch::aesm_key_size, with);
  for (unsigned i = 0; i < 4; ++i) {
    key[launch::aesm_algorithm_offset + i] = static_cast<std::uint8_t>(algorithm >> (8 * i));
  }
  return key;
}

/// What an aesmd knows; the second of its keys is the one on P-256.
struct Service {
  Bytes target = Bytes(512, 0x7A);
  Bytes quote = Bytes(4000, 0x9A);

  [[nodiscard]] launch::AesmAnswer answer(const launch::AesmRequest& request) const {
    using enum launch::AesmCommand;
    launch::AesmAnswer made{.command = request.command};
    const Bytes own = key_of(launch::aesm_ecdsa_p256, 9);
    const bool names_it = request.key == own;
    switch (request.command) {
      case KeyCount: made.number = 2; break;
      case Keys: {
        if (request.room != 2 * launch::aesm_key_size) return refusal(request);
        made.content = key_of(0);
        made.content.insert(made.content.end(), own.begin(), own.end());
        break;
      }
      case InitQuote:
        if (!names_it || (request.wants_key_id && request.room != 32)) return refusal(request);
        made.number = 32;
        if (request.wants_key_id) made.content = target;
        break;
      case QuoteSize:
        if (!names_it) return refusal(request);
        made.number = quote.size();
        break;
      case Quote:
        if (!names_it || request.report.size() != 432 || request.room < quote.size()) {
          return refusal(request);
        }
        made.content = quote;
        break;
    }
    return made;
  }
  static launch::AesmAnswer refusal(const launch::AesmRequest& request) {
    return {.command = request.command, .error = launch::aesm_parameter_error};
  }
};

/// Serves one connection after the other until it goes. Without an answer it stays silent.
class FakeAesmd {
 public:
  using Answer = std::function<std::optional<Bytes>(const launch::AesmRequest&)>;

  FakeAesmd(const std::string& path, Answer answer) : answer_(std::move(answer)) {
    listener_ = os::listen_local(path).value();
    bell_.emplace(os::WakeUp::create().value());
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeAesmd() {
    bell_->ring();
    thread_.join();
  }
  FakeAesmd(const FakeAesmd&) = delete;
  FakeAesmd& operator=(const FakeAesmd&) = delete;

  [[nodiscard]] int connections() const noexcept { return connections_; }

 private:
  bool wait(os::BorrowedFd fd) const {
    std::array items{os::PollItem{fd.number(), POLLIN, 0},
                     os::PollItem{bell_->fd().number(), POLLIN, 0}};
    while (!os::poll(items, std::nullopt)) {
    }
    return items[1].revents == 0;
  }
  void serve() {
    while (wait(listener_)) {
      auto connection = os::accept(listener_);
      if (!connection) continue;
      ++connections_;
      EXPECT_TRUE(os::set_nonblock(*connection, false));
      while (wait(*connection)) {
        const auto message = launch::receive_aesm_message(*connection);
        if (!message) break;
        const auto request = launch::AesmRequest::parse(*message);
        EXPECT_TRUE(request.has_value());
        if (!request) break;
        EXPECT_GT(request->timeout, 0U);
        if (const auto bytes = answer_(*request)) {
          static_cast<void>(launch::write_stream(*connection, *bytes));
        }
      }
    }
  }

  Answer answer_;
  os::Fd listener_;
  std::optional<os::WakeUp> bell_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

}  // namespace merlon::host::aesm::testing
