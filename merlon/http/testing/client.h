#pragma once

// A client for tests that sends what it is told, byte by byte if need be, and shows what comes.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/http/message.h"
#include "merlon/net/stream.h"
#include "merlon/os/fd.h"
#include "merlon/tls/context.h"

namespace merlon::http::testing {

struct Answer {
  int status = 0;               ///< 0: none came
  std::vector<Header> headers;  ///< names in lower case
  std::string body;
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// Over TCP to this machine. Waits at most 20 s for anything.
class Client {
 public:
  explicit Client(std::uint16_t port, std::string_view address = "127.0.0.1");
  /// Over TLS; the server must be `name`.
  Client(std::uint16_t port, const tls::Context& context, const std::string& name,
         std::string_view address = "127.0.0.1");

  void send(std::string_view bytes);
  /// The next answer with a body of the size that it tells.
  [[nodiscard]] Answer answer();
  /// Without a body, whatever size it tells.
  [[nodiscard]] Answer answer_to_head();
  /// Whether something has come, or the end.
  [[nodiscard]] bool has_something();
  /// Waits until the peer has ended the connection; false if something else came.
  [[nodiscard]] bool is_closed();
  void close() { stream_.reset(); }
  /// Ends the connection without a word: the peer's system is told that it is broken.
  void reset();

 private:
  bool more();

  [[nodiscard]] bool wait(net::Side side);

  std::unique_ptr<net::Stream> stream_;
  std::string pending_;
};

}  // namespace merlon::http::testing
