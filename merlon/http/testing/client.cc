#include "merlon/http/testing/client.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "merlon/base/text.h"
#include "merlon/net/socket.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"
#include "merlon/tls/session.h"

namespace merlon::http::testing {

namespace {

constexpr std::chrono::seconds most{20};

Answer head_of(std::string_view text) {
  Answer answer;
  answer.status = std::atoi(std::string(text.substr(9, 3)).c_str());
  while (true) {
    const std::size_t line = text.find("\r\n");
    if (line == std::string_view::npos || line + 2 >= text.size()) return answer;
    text.remove_prefix(line + 2);
    const std::string_view header = text.substr(0, text.find("\r\n"));
    const std::size_t colon = header.find(": ");
    if (colon == std::string_view::npos) continue;
    std::string name(header.substr(0, colon));
    std::ranges::transform(name, name.begin(), base::lower);
    answer.headers.push_back({name, std::string(header.substr(colon + 2))});
  }
}

}  // namespace

std::string Answer::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &Header::name);
  return found == headers.end() ? "" : found->value;
}

Client::Client(std::uint16_t port, std::string_view address) {
  auto connected = os::connect_tcp(address, port);
  if (!connected) return;
  const int on = 1;  // else what follows the handshake waits for an acknowledgement, 40 ms
  ::setsockopt(connected->number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  stream_ = std::make_unique<net::SocketStream>(*std::move(connected));
}

Client::Client(std::uint16_t port, const tls::Context& context, const std::string& name,
               std::string_view address)
    : Client(port, address) {
  if (!stream_) return;
  auto session = tls::Session::connect(context, std::move(stream_), name);
  if (session) stream_ = *std::move(session);
}

bool Client::wait(net::Side side) {
  std::array items{os::PollItem{stream_->descriptor().number(), stream_->awaits(side), 0}};
  return os::poll(items, most) && items[0].revents != 0;
}

void Client::send(std::string_view bytes) {
  // The peer may have gone; then the answer tells.
  while (!bytes.empty()) {
    // SAFETY: what is sent is only read; iovec knows no const.
    const ::iovec from{const_cast<char*>(bytes.data()), bytes.size()};
    const auto sent = stream_->send(std::span(&from, 1));
    if (sent) {
      bytes.remove_prefix(*sent);
    } else if (sent.error() != os::Errno::Again || !wait(net::Side::Write)) {
      return;
    }
  }
  while (stream_->has_unsent() && wait(net::Side::Write)) stream_->flush();
}

bool Client::more() {
  std::array<char, 65536> piece{};
  const ::iovec into{piece.data(), piece.size()};
  while (true) {
    const auto received = stream_->receive(std::span(&into, 1), {});
    if (received) {
      pending_.append(piece.data(), received->size);
      return received->size > 0;
    }
    if (received.error() != os::Errno::Again || !wait(net::Side::Read)) return false;
    stream_->flush();
  }
}

Answer Client::answer_to_head() {
  std::size_t end = pending_.find("\r\n\r\n");
  while (end == std::string::npos) {
    if (!more()) return {};
    end = pending_.find("\r\n\r\n");
  }
  const Answer answer = head_of(std::string_view(pending_).substr(0, end));
  pending_.erase(0, end + 4);
  return answer;
}

Answer Client::answer() {
  Answer answer = answer_to_head();
  const auto size = static_cast<std::size_t>(std::atoll(answer.header("content-length").c_str()));
  while (pending_.size() < size) {
    if (!more()) return {};
  }
  answer.body = pending_.substr(0, size);
  pending_.erase(0, size);
  return answer;
}

bool Client::has_something() {
  std::array items{os::PollItem{stream_->descriptor().number(), POLLIN, 0}};
  return !pending_.empty() ||
         (os::poll(items, std::chrono::nanoseconds(0)) && items[0].revents != 0);
}

bool Client::is_closed() { return pending_.empty() && !more() && pending_.empty(); }

void Client::reset() {
  const ::linger at_once{1, 0};
  ::setsockopt(stream_->descriptor().number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  stream_.reset();
}

}  // namespace merlon::http::testing
