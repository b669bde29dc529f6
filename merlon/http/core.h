#pragma once

// Private to the room: what the connections of one server share. Lives on the thread that carries
// bytes, but for the counters.

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <utility>  // asio needs it of g++ 12 and does not include it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "merlon/http/peer_counts.h"
#include "merlon/http/server.h"
#include "merlon/http/worker_pool.h"

namespace merlon::http {

using Tcp = boost::asio::ip::tcp;

/// A connection as the server sees it.
class AnyConnection {
 public:
  virtual ~AnyConnection() = default;
  /// The server is about to end: who waits for a request that nobody sends may go.
  virtual void stop_gently() = 0;
  /// Ends it although something may be going on.
  virtual void cut() = 0;
};

struct AtomicCounters {
  std::atomic<std::uint64_t> accepted, refused_total, refused_per_address, evicted, accept_errors,
      handshakes, handshake_failures, timeouts, requests, bytes_in, bytes_out, open_connections,
      open_handshakes, buffered_bytes, running;
};

/// Connections by the order in which they entered; the first is the one that is there the longest.
class Queue {
 public:
  void enter(AnyConnection& connection) {
    leave(connection);
    const std::uint64_t number = next_++;
    numbers_[&connection] = number;
    order_[number] = &connection;
  }
  void leave(AnyConnection& connection) {
    const auto found = numbers_.find(&connection);
    if (found == numbers_.end()) return;
    order_.erase(found->second);
    numbers_.erase(found);
  }
  [[nodiscard]] AnyConnection* first() const noexcept {
    return order_.empty() ? nullptr : order_.begin()->second;
  }
  [[nodiscard]] std::size_t size() const noexcept { return order_.size(); }
  [[nodiscard]] const std::map<std::uint64_t, AnyConnection*>& all() const noexcept {
    return order_;
  }

 private:
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, AnyConnection*> order_;
  std::map<AnyConnection*, std::uint64_t> numbers_;
};

struct Peer {
  PeerCounts::Address address{};
  std::string text;
  std::uint16_t port = 0;
};

struct Core {
  Core(Settings given, std::shared_ptr<AtomicCounters> counted)
      : settings(std::move(given)), held(std::move(counted)), counters(*held) {}

  Settings settings;
  std::shared_ptr<AtomicCounters> held;
  AtomicCounters& counters;
  PeerCounts peers;
  Queue open;         ///< all
  Queue idle;         ///< those that wait for a request's first byte
  Queue handshaking;  ///< those whose TLS handshake goes on
  bool stopping = false;
  std::function<void()> when_one_has_left;
  std::unique_ptr<WorkerPool> pool;
  // Ends before what its coroutines use.
  boost::asio::io_context io{1};
};

/// Serves one connection until it ends; `peer` is counted in core.peers already.
void serve_plain(Core& core, Tcp::socket socket, Peer peer);
/// The same over TLS.
void serve_tls(Core& core, Tcp::socket socket, Peer peer, tls::Context context);

}  // namespace merlon::http
