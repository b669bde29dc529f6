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
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
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
  enum class Kind : std::uint8_t {
    Whole,
    Answered,  ///< whoever takes the content has said all, before its end
    Refused,
    Gone
  };
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
        worked_(core.io),
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
  using Head = boost::beast::http::request_parser<boost::beast::http::empty_body>;
  using Gathered = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Streamed = boost::beast::http::request_parser<boost::beast::http::buffer_body>;
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
    if (open && !is_torn_) co_await finish();
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
    Reading reading = co_await read(charge);
    disarm();
    drop_receiver();
    if (reading.kind == Reading::Kind::Gone) co_return false;
    ++core_.counters.requests;
    ++served_;
    const Moment whole = std::chrono::steady_clock::now();
    switch (reading.kind) {
      case Reading::Kind::Whole:
        if (!is_answered_) co_await handle();
        break;
      case Reading::Kind::Answered:
        response_.close = true;
        linger_ = true;
        break;
      case Reading::Kind::Refused:
      case Reading::Kind::Gone:
        response_ = refusal(reading.status, reading.why);
        response_.close = true;
        linger_ = true;
        break;
    }
    const auto handling = std::chrono::steady_clock::now() - whole;
    co_return co_await answer(reading.kind != Reading::Kind::Refused, handling);
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

  /// Into request_, as far as it comes; if is_answered_ is set then, response_ is there too.
  Awaitable<Reading> read(Charge& charge) {
    is_answered_ = false;
    received_ = 0;
    Head head;
    head.header_limit(static_cast<std::uint32_t>(limits().header_bytes));
    head.body_limit(boost::none);  // judged below
    const auto [ec, size] =
        co_await boost::beast::http::async_read_header(stream_, buffer_, head, as_values);
    core_.counters.bytes_in += size;
    Reading reading = ec ? failed(ec) : judge_header(head);
    take(head);
    if (reading.kind != Reading::Kind::Whole) co_return reading;
    if (core_.settings.receive && (request_.method == "PUT" || request_.method == "POST")) {
      disarm();
      reading = co_await receive();
      if (reading.kind != Reading::Kind::Whole) co_return reading;
    }
    if (receiver_) co_return co_await stream_content(head);
    if (!head.is_done()) co_return co_await gather(head, charge);
    co_return reading;
  }

  /// Asks who takes the content.
  Awaitable<Reading> receive() {
    Reception reception;
    const bool given = begin(
        [&reception](Connection& self) { reception = self.core_.settings.receive(self.request_); },
        limits().queued);
    if (!given) co_return Reading{Reading::Kind::Refused, 503, "too many requests wait"};
    const bool fine = co_await done();
    if (!fine) reception.refused = Response{500, {}, {}};
    receiver_ = std::move(reception.receiver);
    if (!reception.refused) co_return Reading{Reading::Kind::Whole, 0, ""};
    response_ = *std::move(reception.refused);
    co_return Reading{Reading::Kind::Answered, 0, ""};
  }

  /// False: the connection is broken.
  template <typename Parser>
  Awaitable<bool> ask_for_content(const Parser& parser) {
    arm(limits().body_time);
    if (expects_to_be_asked(parser) && buffer_.size() == 0) {
      const bool sent = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
      if (!sent) co_return false;
    }
    buffer_.reserve(read_size);  // else it is read 512 bytes at a time
    co_return true;
  }

  /// Into request_.body.
  Awaitable<Reading> gather(Head& head, Charge& charge) {
    namespace http = boost::beast::http;
    Gathered parser(std::move(head));
    parser.body_limit(limits().body_bytes);
    const auto length = parser.content_length();
    if (length && *length > limits().body_bytes) co_return failed(http::error::body_limit);
    const bool asked = co_await ask_for_content(parser);
    if (!asked) co_return Reading{};
    while (!parser.is_done()) {
      const auto [error, more] =
          co_await http::async_read_some(stream_, buffer_, parser, as_values);
      if (error) co_return failed(error);
      core_.counters.bytes_in += more;
      if (!charge.hold(parser.get().body().size())) {
        co_return Reading{Reading::Kind::Refused, 503, "too many bytes of requests are held"};
      }
    }
    request_.body = std::move(parser.get().body());
    received_ = request_.body.size();
    co_return Reading{Reading::Kind::Whole, 0, ""};
  }

  /// To receiver_.
  Awaitable<Reading> stream_content(Head& head) {
    Streamed parser(std::move(head));
    parser.body_limit(boost::none);
    // An await within && is compiled wrongly by g++ 12.
    if (!parser.is_done()) {
      const bool asked = co_await ask_for_content(parser);
      if (!asked) co_return Reading{};
    }
    std::vector<std::uint8_t> piece(parser.is_done() ? 0 : read_size);
    while (!parser.is_done()) {
      std::size_t filled = 0;
      const boost::system::error_code ec = co_await fill(parser, piece, filled);
      if (ec) co_return failed(ec);
      received_ += filled;
      disarm();  // how long this takes is not the peer's doing
      std::optional<Response> early;
      static_cast<void>(begin(
          [&early, &piece, filled](Connection& self) {
            early = self.receiver_->take(core::ByteView(piece).first(filled));
          },
          std::size_t{0} - 1));
      const bool fine = co_await done();
      if (!fine) early = Response{500, {}, {}};
      if (early) {
        response_ = *std::move(early);
        co_return Reading{Reading::Kind::Answered, 0, ""};
      }
      arm(limits().body_time);
    }
    disarm();
    static_cast<void>(begin([](Connection& self) { self.response_ = self.receiver_->finish(); },
                            std::size_t{0} - 1));
    const bool fine = co_await done();
    if (!fine) response_ = Response{500, {}, {}};
    is_answered_ = true;
    co_return Reading{Reading::Kind::Whole, 0, ""};
  }

  /// Until `piece` is full or the content ends.
  Awaitable<boost::system::error_code> fill(Streamed& parser, std::vector<std::uint8_t>& piece,
                                            std::size_t& filled) {
    namespace http = boost::beast::http;
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    body.more = true;
    std::size_t told = 0;
    while (!parser.is_done() && filled < piece.size()) {
      const auto [error, more] =
          co_await http::async_read_some(stream_, buffer_, parser, as_values);
      core_.counters.bytes_in += more;
      filled = piece.size() - body.size;
      if (error == http::error::need_buffer) break;
      if (error) co_return error;
      if (filled - told >= limits().progress_bytes) {
        told = filled;
        arm(limits().body_time);
      }
    }
    co_return boost::system::error_code{};
  }

  /// Its end may take time, which the thread that carries bytes does not have.
  void drop_receiver() {
    if (!receiver_) return;
    static_cast<void>(core_.pool->give(
        [dropped = std::shared_ptr<Receiver>(std::move(receiver_))] {}, std::size_t{0} - 1));
  }

  template <typename Parser>
  static bool expects_to_be_asked(const Parser& parser) {
    const auto value = parser.get()[boost::beast::http::field::expect];
    return parser.get().version() == 11 &&
           base::equal_ignoring_case({value.data(), value.size()}, "100-continue");
  }

  /// Whether everybody on the way finds the same end of the content [RFC9112 §6.1, §6.3]. To the
  /// parser a coding that is not known means that there is none, so that what follows would be
  /// read as the next request, which whoever is in front of us never saw.
  static bool is_framed_clearly(const Head& parser) {
    using boost::beast::http::field;
    const auto& head = parser.get();
    const auto length = head[field::content_length];
    const bool is_number =
        std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (head.count(field::content_length) > 1 || !is_number) return false;
    const auto codings = head.count(field::transfer_encoding);
    if (codings == 0) return true;
    const auto value = head[field::transfer_encoding];
    return codings == 1 && head.version() == 11 &&
           base::equal_ignoring_case({value.data(), value.size()}, "chunked");
  }

  /// What the parser leaves to others [RFC9112 §3.2; RFC9110 §10.1.1].
  static Reading judge_header(const Head& parser) {
    using boost::beast::http::field;
    const auto& head = parser.get();
    const auto hosts = head.count(field::host);
    if (hosts > 1 || (hosts == 0 && head.version() == 11)) {
      return {Reading::Kind::Refused, 400, "a request has one header Host"};
    }
    if (!is_framed_clearly(parser)) {
      return {Reading::Kind::Refused, 400, "a content comes with its length, or in chunks"};
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

  /// What stands in the head, as far as it has come.
  void take(const Head& parser) {
    if (!parser.is_header_done()) return;
    const auto& message = parser.get();
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
  }

  // ---- workers ----

  /// Has a worker do `work` beside this coroutine, which waits for done() then. False: as many
  /// tasks as `most` wait already. What it touches is the worker's until then.
  template <typename Work>
  bool begin(Work work, std::size_t most) {
    is_done_ = false;
    worked_.expires_at(Moment::max());
    return core_.pool->give(
        [self = this->shared_from_this(), work]() mutable { call(std::move(self), work); }, most);
  }

  /// On a worker's thread. The connection ends on the thread that carries bytes, never here.
  template <typename Work>
  static void call(std::shared_ptr<Connection> self, Work& work) {
    bool fine = true;
    try {
      work(*self);
    } catch (const std::bad_alloc&) {
      fine = false;
    }
    boost::asio::io_context& io = self->core_.io;
    boost::asio::post(io, [self = std::move(self), fine] {
      self->is_fine_ = fine;
      self->is_done_ = true;
      self->worked_.cancel();
    });
  }

  /// False: it had no memory.
  Awaitable<bool> done() {
    ++core_.counters.running;
    while (!is_done_) {
      const auto [cancelled] = co_await worked_.async_wait(as_values);
      static_cast<void>(cancelled);
    }
    --core_.counters.running;
    co_return is_fine_;
  }

  // ---- an answer ----

  Response refusal(unsigned status, const char* why) {
    return core_.settings.refuse ? core_.settings.refuse(status, why, request_)
                                 : Response{status, {}, {}};
  }

  /// Whether response_ is there without a worker.
  bool answer_quickly() {
    if (!core_.settings.quick || request_.method != "GET") return false;
    try {
      auto response = core_.settings.quick(request_);
      if (response) response_ = *std::move(response);
      return response.has_value();
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  /// By a worker; response_ is there afterwards.
  Awaitable<void> handle() {
    if (answer_quickly()) co_return;
    const bool given =
        begin([](Connection& self) { self.response_ = self.core_.settings.handler(self.request_); },
              limits().queued);
    if (!given) {
      response_ = refusal(503, "too many requests wait");
      co_return;
    }
    const bool fine = co_await done();
    if (!fine) response_ = Response{500, {}, {}};
  }

  Awaitable<bool> answer(bool handled, std::chrono::steady_clock::duration handling) {
    const bool more = keep_alive_ && !response_.close && !core_.stopping;
    std::string bytes = response_head(response_, {minor_version_, more, now()});
    const bool has_content = response_.content && request_.method != "HEAD" &&
                             response_.status != 304 && response_.content->size() > 0;
    if (request_.method != "HEAD" && !response_.content) bytes += response_.body;
    arm(limits().write_time);
    bool sent = co_await write(bytes);
    if (sent && has_content) sent = co_await send_content(*response_.content);
    if (!sent && timed_out_) ++core_.counters.timeouts;
    disarm();
    if (core_.settings.observe) {
      using std::chrono::duration_cast;
      using std::chrono::microseconds;
      core_.settings.observe(
          {request_, response_, handled, sent, received_, duration_cast<microseconds>(handling),
           duration_cast<microseconds>(std::chrono::steady_clock::now() - began_)});
    }
    request_ = {};
    response_ = {};
    co_return sent&& more;
  }

  /// Each piece is made while the one before it is sent.
  Awaitable<bool> send_content(Content& content) {
    std::uint64_t left = content.size();
    Content::Piece next;
    const auto make = [&content, &next](Connection& /*self*/) { next = content.next(); };
    static_cast<void>(begin(make, std::size_t{0} - 1));
    while (true) {
      const bool fine = co_await done();
      if (!fine) next.reset();
      if (!next || next->empty() || next->size() > left) {
        is_torn_ = true;
        co_return false;
      }
      const Content::Piece piece = std::move(next);
      next.reset();
      left -= piece->size();
      if (left > 0) static_cast<void>(begin(make, std::size_t{0} - 1));
      arm(limits().write_time);
      const bool sent = co_await write(core::as_text(*piece));
      if (left == 0) co_return sent;
      if (!sent) {
        co_await done();
        co_return false;
      }
    }
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
  boost::asio::steady_timer worked_;  // never ends by itself: a bell
  boost::beast::flat_buffer buffer_;
  std::vector<std::uint8_t> certificate_;  ///< of the client
  Request request_;
  Response response_;
  std::unique_ptr<Receiver> receiver_;  ///< of this request's content
  Moment began_;
  std::uint64_t turn_ = 0;  // of the timer
  std::uint64_t served_ = 0;
  std::uint64_t received_ = 0;  // of this request's content
  unsigned minor_version_ = 1;
  bool keep_alive_ = false;
  bool timed_out_ = false;
  bool idle_ = false;
  bool handshaking_ = false;
  bool is_answered_ = false;  // by receiver_
  bool is_done_ = false;      // what a worker was given
  bool is_fine_ = false;      // and well
  bool is_torn_ = false;      // an answer broke off: the peer must see it
  bool linger_ = false;       // something of the peer's was left unread
};

}  // namespace merlon::http
