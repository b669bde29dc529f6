#pragma once

// Asking one address, and all of them. Answers are attacker-controlled and bounded.

#include "merlon/endorse/requests.h"

namespace merlon::endorse {

struct Response {
  int status = 0;  ///< of HTTP
  std::vector<std::uint8_t> body;
  std::string chain;  ///< of Request::chain_header, percent-decoded
};

/// One question, one answer. Unavailable if there is none: then asking again may help.
class Fetcher {
 public:
  Fetcher() = default;
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;
  virtual ~Fetcher() = default;
  [[nodiscard]] virtual core::Result<Response> get(const Request& request) = 0;
  /// Sends bytes once; whether they came where they should nobody knows if there is no answer.
  [[nodiscard]] virtual core::Result<Response> post(const std::string& url,
                                                    core::ByteView bytes) = 0;
  /// Waits before the next try; `round` counts from 1.
  virtual void pause(int round) = 0;
};

struct Fetched {
  Request request;
  std::vector<std::uint8_t> body;  ///< empty if it failed
  std::string chain;
  std::string failure;  ///< one line; empty if it did not fail
  bool absent = false;  ///< an optional one that the service has not: no failure to worry about
};

inline constexpr int usual_tries = 3;

/// Asks for all, each up to `tries` times while the service is not available (no answer, 429, 5xx).
/// An answer that is no endorsement is a failure.
[[nodiscard]] std::vector<Fetched> collect(const std::vector<Request>& requests, Fetcher& fetcher,
                                           int tries = usual_tries);

}  // namespace merlon::endorse
