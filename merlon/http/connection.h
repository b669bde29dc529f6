#pragma once

// Private to the room: the life of one connection as a coroutine, over TCP or TLS. Only the
// connection_*.cc include this: it is the part of Boost that takes long to compile.

#include <algorithm>
#include <optional>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "merlon/base/text.h"
#include "merlon/http/core.h"
#include "merlon/os/clock.h"

namespace merlon::http {

inline constexpr auto as_values = boost::asio::as_tuple(boost::asio::use_awaitable);

/// How much of all bodies one request holds.
class Charge {
 public:
  explicit Charge(Core& core) noexcept : core_(core) {}
  ~Charge() { core_.counters.buffered_bytes -= held_; }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  /// False if that would be too much.
  [[nodiscard]] bool hold(std::size_t size) {
    const std::size_t more = size - held_;
    if (core_.counters.buffered_bytes + more > core_.settings.limits.buffered_bytes) return false;
    core_.counters.buffered_bytes += more;
    held_ = size;
    return true;
  }

 private:
  Core& core_;
  std::size_t held_ = 0;
};

/// How reading a request ended.
struct Reading {
  enum class Kind : std::uint8_t { Whole, Refused, Gone };
  Kind kind = Kind::Gone;
  unsigned status = 0;  ///< of Refused
  const char* why = "";
};

/// What the other side of a session has shown; empty: nothing.
[[nodiscard]] std::vector<std::uint8_t> peer_certificate(::ssl_st* session);

template <typename Stream>
class Connection final : public AnyConnection,
                         public std::enable_shared_from_this<Connection<Stream>> {
 public:
  static constexpr bool is_tls = !std::is_same_v<Stream, Tcp::socket>;

  Connection(Core& core, Stream stream, Peer peer)
      : core_(core),
        stream_(std::move(stream)),
        peer_(std::move(peer)),
        timer_(core.io),
        answered_(core.io),
        buffer_(core.settings.limits.header_bytes + read_size) {
    core_.open.enter(*this);
    ++core_.counters.open_connections;
  }

  ~Connection() override {
    core_.open.leave(*this);
    core_.idle.leave(*this);
    end_of_handshake();
    core_.peers.remove(peer_.address);
    --core_.counters.open_connections;
    if (core_.when_one_has_left) core_.when_one_has_left();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin() {
    boost::asio::co_spawn(
        core_.io, [self = this->shared_from_this()] { return self->live(); },
        boost::asio::detached);
  }

  void stop_gently() override {
    if (!idle_ && !handshaking_) return;
    boost::system::error_code none;
    if (served_ == 0) {
      arm(first_request_when_stopping);
    } else if (raw().available(none) == 0) {
      cancel();
    }
  }

  void cut() override {
    boost::system::error_code none;
    raw().close(none);
  }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Moment = std::chrono::steady_clock::time_point;
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  static constexpr std::size_t read_size = 65536;
  static constexpr std::size_t small_read_size = 4096;
  /// For who had connected when the server was told to end, and has not said a word.
  static constexpr Limits::Time first_request_when_stopping{1000};

  Tcp::socket& raw() {
    if constexpr (is_tls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  // ---- time ----

  void cancel() {
    boost::system::error_code none;
    raw().cancel(none);
  }

  /// Whatever is going on then is cancelled, and timed_out_ says so.
  void arm(Limits::Time time) {
    const std::uint64_t turn = ++turn_;
    timed_out_ = false;
    timer_.expires_after(time);
    timer_.async_wait([self = this->shared_from_this(), turn](const boost::system::error_code& ec) {
      if (ec || turn != self->turn_) return;
      self->timed_out_ = true;
      self->cancel();
    });
  }

  void disarm() {
    ++turn_;
    timer_.cancel();
  }

  // ---- life ----

  Awaitable<void> live() {
    const bool open = co_await shake_hands();
    bool more = open;
    while (more) more = co_await serve_one();
    if (open) co_await finish();
    disarm();
    cut();
  }

  void end_of_handshake() {
    if (!handshaking_) return;
    handshaking_ = false;
    core_.handshaking.leave(*this);
    --core_.counters.open_handshakes;
  }

  Awaitable<bool> shake_hands() {
    if constexpr (is_tls) {
      handshaking_ = true;
      core_.handshaking.enter(*this);
      ++core_.counters.open_handshakes;
      arm(limits().handshake_time);
      const auto [ec] =
          co_await stream_.async_handshake(boost::asio::ssl::stream_base::server, as_values);
      end_of_handshake();
      if (timed_out_) ++core_.counters.timeouts;
      ++(ec ? core_.counters.handshake_failures : core_.counters.handshakes);
      if (!ec) certificate_ = peer_certificate(stream_.native_handle());
      co_return !ec;
    }
    co_return true;
  }

  /// Whether another request may follow.
  Awaitable<bool> serve_one() {
    if (!co_await first_bytes()) co_return false;
    began_ = std::chrono::steady_clock::now();
    request_ = Request{{}, {}, {}, {}, peer_.text, peer_.port, is_tls, certificate_};
    Charge charge(core_);
    Reading reading;
    {
      Parser parser;
      reading = co_await read(parser, charge);
      take(parser, reading);
    }
    disarm();
    if (reading.kind == Reading::Kind::Gone) co_return false;
    ++core_.counters.requests;
    ++served_;
    const bool handled = reading.kind == Reading::Kind::Whole;
    const Moment whole = std::chrono::steady_clock::now();
    if (handled) {
      co_await handle();
    } else {
      response_ = refusal(reading.status, reading.why);
      response_.close = true;
      linger_ = true;
    }
    const auto handling = std::chrono::steady_clock::now() - whole;
    co_return co_await answer(handled, handling);
  }

  /// Whether anything has come; the bytes are in buffer_.
  Awaitable<bool> first_bytes() {
    if (buffer_.size() > 0) {  // the peer did not wait for the last answer
      arm(limits().header_time);
      co_return true;
    }
    buffer_.shrink_to_fit();  // idle connections are to cost little
    idle_ = true;
    core_.idle.enter(*this);
    Limits::Time time = served_ == 0 ? limits().header_time : limits().idle_time;
    if (core_.stopping) time = std::min(time, first_request_when_stopping);
    arm(time);
    const auto [ec, size] =
        co_await stream_.async_read_some(buffer_.prepare(small_read_size), as_values);
    idle_ = false;
    core_.idle.leave(*this);
    if (ec) {
      if (timed_out_ && served_ == 0 && !core_.stopping) ++core_.counters.timeouts;
      co_return false;
    }
    buffer_.commit(size);
    arm(limits().header_time);
    co_return true;
  }

  // ---- a request ----

  Awaitable<Reading> read(Parser& parser, Charge& charge) {
    namespace http = boost::beast::http;
    parser.header_limit(static_cast<std::uint32_t>(limits().header_bytes));
    parser.body_limit(limits().body_bytes);
    const auto [ec, size] = co_await http::async_read_header(stream_, buffer_, parser, as_values);
    core_.counters.bytes_in += size;
    if (ec) co_return failed(ec);
    Reading reading = judge_header(parser);
    if (reading.kind != Reading::Kind::Whole || parser.is_done()) co_return reading;
    arm(limits().body_time);
    if (expects_to_be_asked(parser) && buffer_.size() == 0) {
      const bool asked = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
      if (!asked) co_return Reading{};
    }
    buffer_.reserve(read_size);  // else it is read 512 bytes at a time
    while (!parser.is_done()) {
      const auto [error, more] =
          co_await http::async_read_some(stream_, buffer_, parser, as_values);
      if (error) co_return failed(error);
      core_.counters.bytes_in += more;
      if (!charge.hold(parser.get().body().size())) {
        co_return Reading{Reading::Kind::Refused, 503, "too many bytes of requests are held"};
      }
    }
    co_return reading;
  }

  static bool expects_to_be_asked(const Parser& parser) {
    const auto value = parser.get()[boost::beast::http::field::expect];
    return parser.get().version() == 11 &&
           base::equal_ignoring_case({value.data(), value.size()}, "100-continue");
  }

  /// What the parser leaves to others [RFC9112 §3.2; RFC9110 §10.1.1].
  static Reading judge_header(const Parser& parser) {
    using boost::beast::http::field;
    const auto& head = parser.get();
    const auto hosts = head.count(field::host);
    if (hosts > 1 || (hosts == 0 && head.version() == 11)) {
      return {Reading::Kind::Refused, 400, "a request has one header Host"};
    }
    if (head.count(field::expect) > 0 && head.version() == 11 && !expects_to_be_asked(parser)) {
      return {Reading::Kind::Refused, 417, "this expectation is not known"};
    }
    return {Reading::Kind::Whole, 0, ""};
  }

  Reading failed(const boost::system::error_code& ec) {
    using boost::beast::http::error;
    using enum Reading::Kind;
    if (timed_out_) {
      ++core_.counters.timeouts;
      return {Refused, 408, "the request did not come to its end in time"};
    }
    if (ec == error::header_limit || ec == error::buffer_overflow) {
      return {Refused, 431, "the headers are too long"};
    }
    if (ec == error::body_limit) return {Refused, 413, "the content is too long"};
    if (ec == error::end_of_stream || ec == error::partial_message) return {};
    if (ec == error::bad_version) return {Refused, 505, "this is not HTTP/1.0 or 1.1"};
    if (ec.category() == make_error_code(error::end_of_stream).category()) {
      return {Refused, 400, "this is no request of HTTP/1.1"};
    }
    return {};  // the connection is broken
  }

  /// Into request_, as far as it has come.
  void take(Parser& parser, const Reading& reading) {
    if (!parser.is_header_done()) return;
    auto& message = parser.get();
    minor_version_ = message.version() == 10 ? 0 : 1;
    keep_alive_ = message.keep_alive();
    request_.method.assign(message.method_string().data(), message.method_string().size());
    request_.target.assign(message.target().data(), message.target().size());
    for (const auto& each : message) {
      Header header{{each.name_string().data(), each.name_string().size()},
                    {each.value().data(), each.value().size()}};
      std::ranges::transform(header.name, header.name.begin(), base::lower);
      request_.headers.push_back(std::move(header));
    }
    if (reading.kind == Reading::Kind::Whole) request_.body = std::move(message.body());
  }

  // ---- an answer ----

  Response refusal(unsigned status, const char* why) {
    return core_.settings.refuse ? core_.settings.refuse(status, why, request_)
                                 : Response{status, {}, {}};
  }

  /// By a worker; response_ is there afterwards.
  Awaitable<void> handle() {
    is_answered_ = false;
    answered_.expires_at(Moment::max());
    const bool given = core_.pool->give(
        [self = this->shared_from_this()]() mutable { call_handler(std::move(self)); },
        limits().queued);
    if (!given) {
      response_ = refusal(503, "too many requests wait");
      co_return;
    }
    ++core_.counters.running;
    while (!is_answered_) {
      const auto [cancelled] = co_await answered_.async_wait(as_values);
      static_cast<void>(cancelled);
    }
    --core_.counters.running;
  }

  /// On a worker's thread. The connection ends on the thread that carries bytes, never here.
  static void call_handler(std::shared_ptr<Connection> self) {
    Response response;
    try {
      response = self->core_.settings.handler(self->request_);
    } catch (const std::bad_alloc&) {
      response = Response{500, {}, {}};
    }
    boost::asio::io_context& io = self->core_.io;
    boost::asio::post(io, [self = std::move(self), response = std::move(response)]() mutable {
      self->response_ = std::move(response);
      self->is_answered_ = true;
      self->answered_.cancel();
    });
  }

  Awaitable<bool> answer(bool handled, std::chrono::steady_clock::duration handling) {
    const bool more = keep_alive_ && !response_.close && !core_.stopping;
    std::string bytes = response_head(response_, {minor_version_, more, now()});
    if (request_.method != "HEAD") bytes += response_.body;
    arm(limits().write_time);
    const bool sent = co_await write(bytes);
    if (!sent && timed_out_) ++core_.counters.timeouts;
    disarm();
    if (core_.settings.observe) {
      using std::chrono::duration_cast;
      using std::chrono::microseconds;
      core_.settings.observe(
          {request_, response_, handled, sent, duration_cast<microseconds>(handling),
           duration_cast<microseconds>(std::chrono::steady_clock::now() - began_)});
    }
    request_ = {};
    response_ = {};
    co_return sent&& more;
  }

  Awaitable<bool> write(std::string_view bytes) {
    const auto [ec, size] = co_await boost::asio::async_write(
        stream_, boost::asio::buffer(bytes.data(), bytes.size()), as_values);
    core_.counters.bytes_out += size;
    co_return !ec;
  }

  /// So that the peer reads the answer: what it sends after a connection is closed would make its
  /// system throw away what has arrived [RFC9112 §9.6].
  Awaitable<void> finish() {
    boost::system::error_code none;
    if (!raw().is_open()) co_return;
    arm(limits().linger_time);
    if constexpr (is_tls) {
      const auto [ec] = co_await stream_.async_shutdown(as_values);
      static_cast<void>(ec);
    }
    raw().shutdown(Tcp::socket::shutdown_send, none);
    if (!linger_) co_return;
    buffer_.clear();
    std::size_t left = limits().body_bytes + limits().header_bytes;
    while (!timed_out_ && left > 0) {
      const auto [ec, size] =
          co_await raw().async_read_some(buffer_.prepare(small_read_size), as_values);
      if (ec) break;
      left -= std::min(left, size);
    }
  }

  [[nodiscard]] const Limits& limits() const noexcept { return core_.settings.limits; }
  [[nodiscard]] codec::UnixTime now() const {
    if (core_.settings.now) return core_.settings.now();
    const auto nanoseconds = os::now(os::Clock::Realtime);
    return {static_cast<std::int64_t>((nanoseconds ? *nanoseconds : 0) / 1'000'000'000)};
  }

  Core& core_;
  Stream stream_;
  Peer peer_;
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer answered_;  // never ends by itself: a bell
  boost::beast::flat_buffer buffer_;
  std::vector<std::uint8_t> certificate_;  ///< of the client
  Request request_;
  Response response_;
  Moment began_;
  std::uint64_t turn_ = 0;  // of the timer
  std::uint64_t served_ = 0;
  unsigned minor_version_ = 1;
  bool keep_alive_ = false;
  bool timed_out_ = false;
  bool idle_ = false;
  bool handshaking_ = false;
  bool is_answered_ = false;
  bool linger_ = false;  // something of the peer's was left unread
};

}  // namespace merlon::http
