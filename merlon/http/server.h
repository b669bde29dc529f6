#pragma once

// A server of HTTP/1.1 [RFC9110, RFC9112]: one thread carries the bytes of all connections, others
// call the handler. Everything that a peer can make it hold has a bound in bytes, time and number.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "merlon/http/content.h"
#include "merlon/http/message.h"
#include "merlon/os/fd.h"
#include "merlon/tls/context.h"

namespace merlon::http {

/// Bounds on what peers can do. Where one is passed, the peer gets the status named here.
struct Limits {
  using Time = std::chrono::milliseconds;

  std::size_t header_bytes = 16UL << 10U;    ///< request line and headers together: 431
  std::size_t body_bytes = 2UL << 20U;       ///< of one request: 413
  std::size_t buffered_bytes = 64UL << 20U;  ///< of all bodies together: 503
  std::size_t connections = 4096;  ///< the one that is idle the longest makes room, else 503
  std::size_t per_address = 256;   ///< connections of a peer: 429
  std::size_t handshakes = 512;    ///< open TLS handshakes; the oldest makes room
  std::size_t queued = 512;        ///< requests that wait for a worker: 503
  Time handshake_time{10'000};     ///< from the connection to the end of the TLS handshake
  Time header_time{10'000};        ///< until the headers are whole: 408
  Time body_time{30'000};  ///< from there until the body is; what a Receiver takes has no end in
                           ///< time, but must go on by progress_bytes in each such span: 408
  std::size_t progress_bytes = 16UL << 10U;
  Time idle_time{60'000};   ///< between requests of a connection
  Time write_time{30'000};  ///< for an answer to be taken; of a Content, for each piece
  Time linger_time{1'000};  ///< to let a peer read an answer that came before its request's end
};

/// What happened since the start, and what is.
struct Counters {
  std::uint64_t accepted = 0;             ///< connections
  std::uint64_t refused_total = 0;        ///< connections, by Limits::connections
  std::uint64_t refused_per_address = 0;  ///< connections, by Limits::per_address
  std::uint64_t evicted = 0;              ///< idle connections and open handshakes that made room
  std::uint64_t accept_errors = 0;        ///< such as no more descriptors
  std::uint64_t handshakes = 0;           ///< that came to their end
  std::uint64_t handshake_failures = 0;
  std::uint64_t timeouts = 0;  ///< of any kind but idle_time
  std::uint64_t requests = 0;  ///< that got an answer, or were owed one
  std::uint64_t bytes_in = 0;  ///< of requests, without TLS
  std::uint64_t bytes_out = 0;
  std::uint64_t open_connections = 0;  ///< now
  std::uint64_t open_handshakes = 0;   ///< now
  std::uint64_t buffered_bytes = 0;    ///< now
  std::uint64_t running = 0;           ///< now: requests at or before the handler
};

struct AtomicCounters;

/// Counts what a server does, for who reads it before it starts, meanwhile and behind its end.
/// Copies are the same meter. Any thread.
class Meter {
 public:
  Meter();
  [[nodiscard]] Counters read() const;

 private:
  friend class Server;
  std::shared_ptr<AtomicCounters> counters_;
};

/// One request and its answer.
struct Exchange {
  const Request& request;  ///< as much of it as has come
  const Response& response;
  bool handled = false;        ///< by the handler or a receiver; else the server refused it
  bool sent = false;           ///< the answer was taken by this system
  std::uint64_t received = 0;  ///< bytes of the request's content
  std::chrono::microseconds handling{};  ///< waiting for a worker included
  std::chrono::microseconds total{};     ///< from the request's first byte to the answer's last
};

/// Called by workers, by several at once. Must not throw but std::bad_alloc, which gives a 500.
using Handler = std::function<Response(const Request&)>;

struct Settings {
  Limits limits;
  std::size_t workers = 2;
  Handler handler;
  /// Asked of each GET before the handler, by the thread that carries bytes: must not wait for
  /// anything. Nothing: the handler is asked. Null: it is asked at once.
  std::function<std::optional<Response>(const Request&)> quick{};
  /// Asked of each PUT and POST when its headers are there, by workers as the handler. Null:
  /// content is gathered. Limits::body_bytes counts for what is gathered only.
  std::function<Reception(const Request&)> receive;
  /// What a peer gets where the server refuses by itself; the headers are there if these had come.
  /// Called by the thread that carries bytes: must be quick. Null: an empty body.
  std::function<Response(unsigned status, std::string_view why, const Request& request)> refuse;
  /// Told of each exchange, by the same thread: must be quick. Null: nobody is.
  std::function<void(const Exchange&)> observe;
  /// How the next connection speaks TLS; nothing if it cannot now, and then it is closed. By the
  /// same thread. If this is null, the server speaks plain HTTP.
  std::function<std::optional<tls::Context>()> tls;
  std::function<codec::UnixTime()> now{};  ///< for the header Date; null: the system's clock
  Meter meter{};
};

class Server {
 public:
  /// Serves connections of `listeners` (os::listen_tcp) from now on.
  /// Errors: Again (no more threads) · Inval (no listener).
  [[nodiscard]] static os::Result<Server> start(std::vector<os::Fd> listeners, Settings settings);

  Server(Server&& other) noexcept;
  Server& operator=(Server&&) = delete;
  ~Server();  ///< stop(), with no time

  /// Takes no more connections, but serves each that the system has accepted before: requests that
  /// have begun are answered, connections without one are closed. What is not done after `within`
  /// is cut off; a handler that runs is waited for in any case. Once it returns, no callback runs.
  void stop(Limits::Time within);

  [[nodiscard]] Counters counters() const { return meter_.read(); }

 private:
  class State;
  Server(std::unique_ptr<State> state, Meter meter) noexcept;
  std::unique_ptr<State> state_;
  Meter meter_;
};

}  // namespace merlon::http
