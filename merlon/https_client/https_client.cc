#include "merlon/https_client/https_client.h"

#include <algorithm>
#include <array>
#include <mutex>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/host/resolve.h"
#include "merlon/net/socket.h"
#include "merlon/net/wait.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/socket.h"
#include "merlon/tls/session.h"
#include "merlon/tls/web_roots.h"
#include "merlon/workload/url.h"

namespace merlon::https_client {

using base::concat;

namespace {

constexpr std::size_t largest_pem = std::size_t{1} << 20U;
constexpr std::uint64_t handshake_time = 15'000'000'000;

Result<std::vector<std::uint8_t>> read_bytes(const std::string& path, std::size_t most) {
  const auto file = os::open_file(path);
  if (!file) return concat(base::printable(path), ": ", os::describe(file.error()));
  auto bytes = os::read_all(*file, most);
  if (!bytes) return concat(base::printable(path), ": ", os::describe(bytes.error()));
  return *std::move(bytes);
}

}  // namespace

Result<std::vector<tls::Certificate>> read_certificates(const std::string& path) {
  const auto bytes = TRY(read_bytes(path, largest_pem));
  auto all = codec::pem_certificates(core::as_text(bytes));
  if (!all) return concat(base::printable(path), ": ", all.error().message());
  return *std::move(all);
}

namespace {

Result<tls::Context> context_of(const TlsFiles& files) {
  tls::ClientSettings settings;
  settings.trust =
      files.ca_bundle.empty() ? tls::web_roots() : TRY(read_certificates(files.ca_bundle));
  std::optional<crypto::PrivateKey> key;
  if (!files.certificate.empty()) {
    const crypto::SecretBytes pem(TRY(read_bytes(files.key, crypto::PrivateKey::max_pem_size)));
    auto read = crypto::PrivateKey::from_pem(pem.reveal());
    if (!read) return concat(base::printable(files.key), ": ", read.error().message());
    key = *std::move(read);
    settings.identity = {TRY(read_certificates(files.certificate)), &*key};
  }
  auto context = tls::Context::client(settings);
  if (!context) return concat("TLS: ", context.error().message());
  return *std::move(context);
}

constexpr std::chrono::seconds longest_silence{30};

Result<std::shared_ptr<net::Stream>> connect(const std::string& host, std::uint16_t port) {
  const auto addresses = host::resolve_host(host == "localhost" ? "127.0.0.1" : host);
  if (!addresses) return concat(base::printable(host), ": ", addresses.error());
  os::Errno last = os::Errno::Inval;
  for (const std::string& address : *addresses) {
    // A machine that lost its power says nothing, and a server that thinks may take longer.
    auto socket = os::connect_tcp_watching(address, port, longest_silence);
    if (!socket) {
      last = socket.error();
      continue;
    }
    static_cast<void>(os::send_without_delay(*socket));
    return std::shared_ptr<net::Stream>(std::make_shared<net::SocketStream>(*std::move(socket)));
  }
  return concat("cannot connect to ", base::printable(host), ":", port, ": ", os::describe(last));
}

Result<std::shared_ptr<net::Stream>> with_tls(const tls::Context& context,
                                              std::shared_ptr<net::Stream> below,
                                              const std::string& name) {
  auto made = tls::Session::connect(context, std::move(below), name);
  if (!made) return std::string(made.error().message());
  const std::shared_ptr<tls::Session> session = *std::move(made);
  const std::uint64_t deadline = net::deadline_after(handshake_time);
  for (;;) {
    switch (session->shake()) {
      case tls::Session::Handshake::Waiting: break;
      case tls::Session::Handshake::Failed:
        return concat("no TLS with ", base::printable(name), ": ", session->trouble());
      case tls::Session::Handshake::Done: return std::shared_ptr<net::Stream>(session);
    }
    if (!net::wait(*session, net::Side::Read, deadline)) {
      return concat("no TLS with ", base::printable(name), " in time");
    }
  }
}

}  // namespace

/// Connections between two requests. Any thread.
class KeptConnections {
 public:
  explicit KeptConnections(std::size_t most) noexcept : most_(most) {}

  /// Null if there is none of which nothing was heard since.
  [[nodiscard]] std::shared_ptr<net::Stream> take() {
    for (;;) {
      std::shared_ptr<net::Stream> stream;
      {
        const std::scoped_lock lock(mutex_);
        if (streams_.empty()) return nullptr;
        stream = std::move(streams_.back());
        streams_.pop_back();
      }
      // What it says without being asked is that it ends.
      std::array items{os::PollItem{stream->descriptor().number(), POLLIN | POLLRDHUP, 0}};
      const auto ready = os::poll(items, std::chrono::nanoseconds(0));
      if (ready && *ready == 0) return stream;
    }
  }
  void give(std::shared_ptr<net::Stream> stream) {
    const std::scoped_lock lock(mutex_);
    if (streams_.size() < most_) streams_.push_back(std::move(stream));
  }

 private:
  std::size_t most_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<net::Stream>> streams_;
};

void HttpsClient::keep_connections(std::size_t most) {
  kept_ = most == 0 ? nullptr : std::make_shared<KeptConnections>(most);
}

bool is_of_this_machine(std::string_view host) noexcept {
  // A number, and no name that begins like one.
  const bool number =
      std::ranges::all_of(host, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  return host == "localhost" || host == "::1" || (number && host.starts_with("127."));
}

Result<HttpsClient> HttpsClient::create(const std::string& url, const TlsFiles& files,
                                        std::string& path) {
  constexpr std::string_view plain = "http://";
  const bool is_plain = url.starts_with(plain);
  const auto parsed =
      workload::parse_https_url(is_plain ? concat("https://", url.substr(plain.size())) : url);
  if (!parsed) return concat(base::quoted(url), " is no URL of the form https://HOST");
  path = parsed->path;
  if (!is_plain) return HttpsClient(parsed->host, parsed->port, TRY(context_of(files)));
  if (!is_of_this_machine(parsed->host)) {
    return concat(base::quoted(url), ": without TLS only on this machine");
  }
  return HttpsClient(parsed->host, parsed->port, std::nullopt);
}

void HttpsClient::set_proxies(const ProxyRules& rules) {
  const Proxy* const found = tls_ ? rules.find(host_, port_) : nullptr;
  proxy_ = found == nullptr ? std::nullopt : std::optional(*found);
}

Result<std::shared_ptr<net::Stream>> HttpsClient::connect() const {
  std::shared_ptr<net::Stream> stream;
  if (proxy_) {
    stream = TRY(https_client::connect(proxy_->host, proxy_->port));
    const auto open = open_tunnel(*stream, *proxy_, host_, port_, patience_);
    if (!open) {
      const auto& error = open.error();
      const bool denied = error.code == core::ErrorCode::Denied;
      return concat("the proxy ", base::printable(proxy_->host), ":", proxy_->port,
                    " gives no connection with ", base::printable(host_), ": ",
                    denied ? concat("status ", error.detail) : std::string(error.message()));
    }
  } else {
    stream = TRY(https_client::connect(host_, port_));
  }
  if (!tls_) return stream;
  return with_tls(*tls_, std::move(stream), host_);
}

std::string HttpsClient::host_header() const {
  constexpr std::uint16_t usual_port = 443;
  const bool colons = host_.find(':') != std::string::npos;
  std::string host = concat(colons ? "[" : "", host_, colons ? "]" : "");
  if (!tls_ || port_ != usual_port) host += concat(":", port_);
  return host;
}

http_client::Request HttpsClient::request_of(const Asking& asking) const {
  http_client::Request request;
  request.method = asking.method;
  request.host = host_header();
  request.keeps_connection = kept_ != nullptr;
  request.path = asking.path;
  request.content_type = asking.content_type;
  request.accept = asking.accept;
  request.authorization = asking.authorization;
  request.fields = asking.fields;
  return request;
}

Result<http_client::Answer> HttpsClient::ask(const Asking& asking) const {
  constexpr std::chrono::nanoseconds idle = std::chrono::seconds(60);
  constexpr std::uint64_t slowest = std::uint64_t{16} << 10U;  // bytes a second
  const std::uint64_t size = asking.source ? asking.source->size : asking.body.size();
  auto head = http_client::head_of(request_of(asking), size);
  if (!head) return std::string(head.error().message());
  if (!asking.source) head->insert(head->end(), asking.body.begin(), asking.body.end());
  const bool bodiless = asking.method == "HEAD";
  http_client::Exchange exchange(
      *std::move(head), asking.largest_answer,
      bodiless ? http_client::AnswerBody::None : http_client::AnswerBody::Usual);
  if (asking.source) exchange.set_source(*asking.source);
  if (asking.sink) exchange.set_sink(asking.sink, asking.largest_in_sink);
  std::shared_ptr<net::Stream> stream = kept_ ? kept_->take() : nullptr;
  if (!stream) stream = TRY(connect());
  const auto more = std::chrono::seconds((size + asking.largest_in_sink) / slowest);
  auto answer = http_client::carry_out(
      *stream, exchange, {asking.sink || asking.source ? idle : patience_, patience_ + more});
  if (!answer) {
    return concat(base::printable(host_), " does not answer: ", answer.error().message());
  }
  // What of the request is not sent another one's server would take for that.
  const bool is_over = exchange.is_sent() && answer->leaves_connection();
  if (kept_ && is_over) kept_->give(std::move(stream));
  return *std::move(answer);
}

Result<http_client::Answer> HttpsClient::ask(std::string_view method, const std::string& path,
                                             core::ByteView body, std::size_t largest_answer,
                                             const std::string& authorization) const {
  Asking asking{method, path, "application/octet-stream", authorization};
  asking.body = body;
  asking.largest_answer = largest_answer;
  return ask(asking);
}

}  // namespace merlon::https_client
