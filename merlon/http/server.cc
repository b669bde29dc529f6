#include "merlon/http/server.h"

#include <algorithm>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include "merlon/base/text.h"
#include "merlon/http/core.h"
#include "merlon/os/clock.h"

namespace merlon::http {

namespace asio = boost::asio;

namespace {

using boost::system::error_code;

constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

Peer peer_of(const Tcp::socket& socket) {
  error_code ec;
  const Tcp::endpoint endpoint = socket.remote_endpoint(ec);
  if (ec) return {};
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  Peer peer;
  peer.address = (address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4())
                                  : address.to_v6())
                     .to_bytes();
  peer.text = address.to_string();
  peer.port = endpoint.port();
  return peer;
}

codec::UnixTime now_of(const Settings& settings) {
  if (settings.now) return settings.now();
  const auto nanoseconds = os::now(os::Clock::Realtime);
  return {static_cast<std::int64_t>((nanoseconds ? *nanoseconds : 0) / 1'000'000'000)};
}

}  // namespace

class Server::State {
 public:
  State(Settings settings, std::shared_ptr<AtomicCounters> counters)
      : core_(std::move(settings), std::move(counters)) {}
  ~State() { stop(Limits::Time(0)); }

  os::Result<void> start(std::vector<os::Fd> listeners);
  void stop(Limits::Time within);

 private:
  template <typename T>
  using Awaitable = asio::awaitable<T>;

  Awaitable<void> accept(Tcp::acceptor& acceptor);
  void accept_what_waits(Tcp::acceptor& acceptor);
  void admit(Tcp::socket socket);
  void refuse(Tcp::socket socket, unsigned status);
  Awaitable<void> say(Tcp::socket socket, std::string bytes);
  bool make_room(Queue& queue);
  void begin_to_stop();
  void tell_if_empty();

  Core core_;
  std::vector<Tcp::acceptor> acceptors_;
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::size_t saying_ = 0;
  std::mutex mutex_;
  std::condition_variable emptied_;
  bool empty_ = false;
  std::optional<os::Thread> thread_;
};

os::Result<void> Server::State::start(std::vector<os::Fd> listeners) {
  core_.pool = TRY(WorkerPool::start(core_.settings.workers));
  acceptors_.reserve(listeners.size());
  for (os::Fd& each : listeners) {
    error_code ec;
    Tcp::acceptor& acceptor = acceptors_.emplace_back(core_.io);
    acceptor.assign(Tcp::v6(), each.number(), ec);  // of IPv4 or both it works as well
    if (ec) return os::Errno::Inval;
    static_cast<void>(each.release());
  }
  work_.emplace(core_.io.get_executor());
  for (Tcp::acceptor& each : acceptors_) {
    asio::co_spawn(core_.io, [this, &each] { return accept(each); }, asio::detached);
  }
  const auto run = [](void* io) noexcept {
    while (true) {
      try {
        static_cast<asio::io_context*>(io)->run();
        return;
      } catch (const std::bad_alloc&) {
        continue;  // of one connection's making; its coroutine is gone, the others go on
      }
    }
  };
  thread_.emplace(TRY(os::Thread::start(run, &core_.io)));
  return {};
}

asio::awaitable<void> Server::State::accept(Tcp::acceptor& acceptor) {
  asio::steady_timer pause(core_.io);
  while (acceptor.is_open() && !core_.stopping) {
    auto [ec, socket] = co_await acceptor.async_accept(as_values);
    if (!ec) {
      admit(std::move(socket));
    } else if (!core_.stopping && ec != asio::error::connection_aborted) {
      // No descriptors, no memory: this passes, and what connects meanwhile waits.
      ++core_.counters.accept_errors;
      pause.expires_after(std::chrono::milliseconds(50));
      const auto [ended] = co_await pause.async_wait(as_values);
      static_cast<void>(ended);
    }
  }
}

void Server::State::accept_what_waits(Tcp::acceptor& acceptor) {
  error_code ec;
  acceptor.non_blocking(true, ec);
  while (!ec) {
    Tcp::socket socket(core_.io);
    acceptor.accept(socket, ec);
    if (!ec) admit(std::move(socket));
  }
  acceptor.close(ec);
}

bool Server::State::make_room(Queue& queue) {
  AnyConnection* const oldest = queue.first();
  if (oldest == nullptr) return false;
  ++core_.counters.evicted;
  queue.leave(*oldest);
  oldest->cut();
  return true;
}

void Server::State::admit(Tcp::socket socket) {
  const Limits& limits = core_.settings.limits;
  ++core_.counters.accepted;
  error_code none;
  socket.set_option(Tcp::no_delay(true), none);
  Peer peer = peer_of(socket);
  if (peer.text.empty()) return;  // it has left already
  if (!core_.peers.add(peer.address, limits.per_address)) {
    ++core_.counters.refused_per_address;
    refuse(std::move(socket), 429);
    return;
  }
  if (core_.open.size() >= limits.connections && !make_room(core_.idle)) {
    core_.peers.remove(peer.address);
    ++core_.counters.refused_total;
    refuse(std::move(socket), 503);
    return;
  }
  if (!core_.settings.tls) {
    serve_plain(core_, std::move(socket), std::move(peer));
    return;
  }
  if (core_.handshaking.size() >= limits.handshakes) make_room(core_.handshaking);
  std::optional<tls::Context> context = core_.settings.tls();
  if (!context) {
    core_.peers.remove(peer.address);
    ++core_.counters.handshake_failures;
    return;
  }
  serve_tls(core_, std::move(socket), std::move(peer), *std::move(context));
}

void Server::State::refuse(Tcp::socket socket, unsigned status) {
  constexpr std::size_t most = 256;
  // Before a handshake there is nothing that one could say.
  if (core_.settings.tls || saying_ >= most) return;
  Response response{status, {}, {}};
  if (core_.settings.refuse) {
    response = core_.settings.refuse(status, "too many connections", Request{});
  }
  std::string bytes = response_head(response, {1, false, now_of(core_.settings)}) + response.body;
  ++saying_;
  asio::co_spawn(
      core_.io,
      [this, held = std::make_shared<Tcp::socket>(std::move(socket)), bytes = std::move(bytes)] {
        return say(std::move(*held), bytes);
      },
      [this](const std::exception_ptr&) { --saying_; });
}

asio::awaitable<void> Server::State::say(Tcp::socket socket, std::string bytes) {
  asio::steady_timer timer(core_.io, core_.settings.limits.linger_time);
  timer.async_wait([&socket](const error_code& ec) {
    error_code none;
    if (!ec) socket.close(none);
  });
  const auto [failed, size] = co_await asio::async_write(socket, asio::buffer(bytes), as_values);
  static_cast<void>(size);
  error_code none;
  socket.shutdown(Tcp::socket::shutdown_send, none);
  std::array<char, 4096> thrown_away{};
  bool open = !failed;
  while (open && socket.is_open()) {
    const auto [ec, count] = co_await socket.async_read_some(asio::buffer(thrown_away), as_values);
    static_cast<void>(count);
    open = !ec;
  }
  timer.cancel();
}

void Server::State::begin_to_stop() {
  if (core_.stopping) return;
  core_.stopping = true;
  for (Tcp::acceptor& each : acceptors_) accept_what_waits(each);
  core_.when_one_has_left = [this] { tell_if_empty(); };
  std::vector<AnyConnection*> all;
  for (const auto& [number, connection] : core_.open.all()) all.push_back(connection);
  for (AnyConnection* each : all) each->stop_gently();
  tell_if_empty();
}

void Server::State::tell_if_empty() {
  if (core_.open.size() != 0) return;
  const std::scoped_lock lock(mutex_);
  empty_ = true;
  emptied_.notify_all();
}

void Server::State::stop(Limits::Time within) {
  if (!thread_) return;
  asio::post(core_.io, [this] { begin_to_stop(); });
  {
    std::unique_lock lock(mutex_);
    const auto is_empty = [this] { return empty_; };
    if (!emptied_.wait_for(lock, within, is_empty)) {
      asio::post(core_.io, [this] {
        for (const auto& [number, connection] : core_.open.all()) connection->cut();
      });
      emptied_.wait(lock, is_empty);
    }
  }
  work_.reset();
  core_.io.stop();
  thread_.reset();  // joins
  core_.pool.reset();
  core_.when_one_has_left = nullptr;
}

os::Result<Server> Server::start(std::vector<os::Fd> listeners, Settings settings) {
  const Meter meter = settings.meter;
  auto state = std::make_unique<State>(std::move(settings), meter.counters_);
  TRY(state->start(std::move(listeners)));
  return Server(std::move(state), meter);
}

Server::Server(std::unique_ptr<State> state, Meter meter) noexcept
    : state_(std::move(state)), meter_(std::move(meter)) {}
Server::Server(Server&&) noexcept = default;
Server::~Server() = default;

void Server::stop(Limits::Time within) { state_->stop(within); }

Meter::Meter() : counters_(std::make_shared<AtomicCounters>()) {}

Counters Meter::read() const {
  const AtomicCounters& now = *counters_;
  return {now.accepted,
          now.refused_total,
          now.refused_per_address,
          now.evicted,
          now.accept_errors,
          now.handshakes,
          now.handshake_failures,
          now.timeouts,
          now.requests,
          now.bytes_in,
          now.bytes_out,
          now.open_connections,
          now.open_handshakes,
          now.buffered_bytes,
          now.running};
}

}  // namespace merlon::http
