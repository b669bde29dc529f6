#include "merlon/cli_deploy/gatehouse_client.h"

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/codec/pem.h"
#include "merlon/host/resolve.h"
#include "merlon/net/socket.h"
#include "merlon/net/wait.h"
#include "merlon/os/socket.h"
#include "merlon/tls/session.h"
#include "merlon/tls/web_roots.h"
#include "merlon/workload/url.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

constexpr std::size_t largest_answer = std::size_t{2} << 20U;
constexpr std::size_t largest_pem = std::size_t{1} << 20U;
constexpr std::uint64_t handshake_time = 15'000'000'000;
constexpr std::chrono::seconds answer_time{120};

Failure unusable(std::string text) { return {std::move(text), Status::Unusable}; }

Result<std::vector<tls::Certificate>> read_certificates(const std::string& path) {
  const auto bytes = TRY(cli_evidence::read_bytes(path, largest_pem));
  auto all = codec::pem_certificates(core::as_text(bytes));
  if (!all) return cli_evidence::not_parsed(path, all.error());
  return *std::move(all);
}

Result<tls::Context> context_of(const GatehouseAddress& address) {
  tls::ClientSettings settings;
  settings.trust =
      address.ca_bundle.empty() ? tls::web_roots() : TRY(read_certificates(address.ca_bundle));
  std::optional<crypto::PrivateKey> key;
  if (!address.certificate.empty()) {
    const crypto::SecretBytes pem(
        TRY(cli_evidence::read_bytes(address.key, crypto::PrivateKey::max_pem_size)));
    auto read = crypto::PrivateKey::from_pem(pem.reveal());
    if (!read) return cli_evidence::not_parsed(address.key, read.error());
    key = *std::move(read);
    settings.identity = {TRY(read_certificates(address.certificate)), &*key};
  }
  auto context = tls::Context::client(settings);
  if (!context) return unusable(concat("TLS: ", context.error().message()));
  return *std::move(context);
}

bool is_of_this_machine(std::string_view host) noexcept {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Result<std::shared_ptr<net::Stream>> connect(const std::string& host, std::uint16_t port) {
  const auto addresses = host::resolve_host(host == "localhost" ? "127.0.0.1" : host);
  if (!addresses) return unusable(concat(base::printable(host), ": ", addresses.error()));
  os::Errno last = os::Errno::Inval;
  for (const std::string& address : *addresses) {
    auto socket = os::connect_tcp(address, port);
    if (!socket) {
      last = socket.error();
      continue;
    }
    static_cast<void>(os::send_without_delay(*socket));
    return std::shared_ptr<net::Stream>(std::make_shared<net::SocketStream>(*std::move(socket)));
  }
  return unusable(concat("cannot connect to the gatehouse ", base::printable(host), ":", port, ": ",
                         os::describe(last)));
}

Result<std::shared_ptr<net::Stream>> with_tls(const tls::Context& context,
                                              std::shared_ptr<net::Stream> below,
                                              const std::string& name) {
  auto made = tls::Session::connect(context, std::move(below), name);
  if (!made) return unusable(std::string(made.error().message()));
  const std::shared_ptr<tls::Session> session = *std::move(made);
  const std::uint64_t deadline = net::deadline_after(handshake_time);
  for (;;) {
    switch (session->shake()) {
      case tls::Session::Handshake::Waiting: break;
      case tls::Session::Handshake::Failed:
        return unusable(
            concat("no TLS with the gatehouse ", base::printable(name), ": ", session->trouble()));
      case tls::Session::Handshake::Done: return std::shared_ptr<net::Stream>(session);
    }
    if (!net::wait(*session, net::Side::Read, deadline)) {
      return unusable(concat("no TLS with the gatehouse ", base::printable(name), " in time"));
    }
  }
}

/// What a gatehouse says why not; its title, if it has one.
std::string reason_in(const http_client::Answer& answer) {
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (document) {
    const auto title = document->root().string_member("title");
    if (title) return base::printable(*title);
  }
  return concat("status ", answer.status);
}

Result<std::vector<std::uint8_t>> bytes_of(const codec::JsonValue& object, std::string_view name) {
  const auto text = object.string_member(name);
  if (!text) return unusable(concat("the gatehouse's answer has no ", name));
  auto bytes = codec::decode_base64(*text);
  if (!bytes) return unusable(concat("the gatehouse's ", name, " is no base 64"));
  return *std::move(bytes);
}

std::string path_of(const std::string& id, std::string_view rest) {
  return concat("/v1/keeps/", id, rest);
}

}  // namespace

GatehouseAddress gatehouse_address(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto value = [&](std::string_view option, const char* variable) {
    return arguments.has(option) ? arguments.value(option) : terminal.variable(variable);
  };
  return {value("--to", "MERLON_GATEHOUSE"), value("--ca-bundle", "MERLON_CA_BUNDLE"),
          value("--cert", "MERLON_CERT"), value("--cert-key", "MERLON_CERT_KEY")};
}

Result<GatehouseClient> GatehouseClient::create(const GatehouseAddress& address) {
  constexpr std::string_view plain = "http://";
  const bool is_plain = address.url.starts_with(plain);
  const std::string text =
      is_plain ? concat("https://", address.url.substr(plain.size())) : address.url;
  const auto url = workload::parse_https_url(text);
  if (!url || (url->path != "/" && !url->path.empty())) {
    return unusable(
        concat("gatehouse ", base::quoted(address.url), ": must be https://HOST[:PORT]"));
  }
  if (!is_plain) return GatehouseClient(url->host, url->port, TRY(context_of(address)));
  if (!is_of_this_machine(url->host)) {
    return unusable(
        concat("gatehouse ", base::quoted(address.url), ": without TLS only on this machine"));
  }
  return GatehouseClient(url->host, url->port, std::nullopt);
}

Result<http_client::Answer> GatehouseClient::ask(std::string_view method, const std::string& path,
                                                 core::ByteView body) const {
  std::shared_ptr<net::Stream> stream = TRY(connect(host_, port_));
  if (tls_) stream = TRY(with_tls(*tls_, std::move(stream), host_));
  const bool colons = host_.find(':') != std::string::npos;
  http_client::Request request;
  request.method = method;
  request.host = concat(colons ? "[" : "", host_, colons ? "]" : "", ":", port_);
  request.path = path;
  request.content_type = "application/octet-stream";
  request.accept = "*/*";
  request.body.assign(body.begin(), body.end());
  auto answer = http_client::exchange(*stream, request, largest_answer, answer_time);
  if (!answer) {
    return unusable(concat("the gatehouse does not answer: ", answer.error().message()));
  }
  return *std::move(answer);
}

Result<http_client::Answer> GatehouseClient::ask_well(std::string_view method,
                                                      const std::string& path,
                                                      core::ByteView body) const {
  auto answer = TRY(ask(method, path, body));
  constexpr unsigned first_refusal = 300;
  if (answer.status < first_refusal) return answer;
  return unusable(concat("the gatehouse refuses: ", reason_in(answer)));
}

Result<GatehouseClient::Started> GatehouseClient::start(
    const gatehouse::KeepRequest& request) const {
  const std::string json = gatehouse::to_json(request);
  const auto answer = TRY(ask_well("POST", "/v1/keeps", core::as_bytes(json)));
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (!document) return unusable("the gatehouse's answer is no JSON");
  const codec::JsonValue& root = document->root();
  const auto id = root.string_member("id");
  if (!id || !std::ranges::all_of(
                 *id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); })) {
    return unusable("the gatehouse's answer has no id of a keep");
  }
  Started started;
  started.id = *id;
  started.proof.evidence = TRY(bytes_of(root, "evidence"));
  started.proof.certificates = TRY(bytes_of(root, "certificates"));
  started.proof.tls_key = TRY(bytes_of(root, "tls_key"));
  started.proof.hpke_key = TRY(bytes_of(root, "hpke_key"));
  return started;
}

Result<void> GatehouseClient::deliver(const std::string& id, core::ByteView sealed) const {
  TRY(ask_well("PUT", path_of(id, "/delivery"), sealed));
  return {};
}

Result<bool> GatehouseClient::input(const std::string& id, std::uint64_t at,
                                    core::ByteView bytes) const {
  const auto answer = TRY(ask("POST", path_of(id, concat("/input?at=", at)), bytes));
  constexpr unsigned done = 204;
  constexpr unsigned later = 429;
  if (answer.status == done) return true;
  if (answer.status == later) return false;
  return unusable(concat("the gatehouse takes no input: ", reason_in(answer)));
}

Result<GatehouseClient::Output> GatehouseClient::output(const std::string& id, std::uint64_t from,
                                                        std::chrono::milliseconds wait) const {
  const std::string path = path_of(id, concat("/output?from=", from, "&wait=", wait.count()));
  auto answer = TRY(ask("GET", path, {}));
  constexpr unsigned there = 200;
  constexpr unsigned nothing_yet = 204;
  constexpr unsigned over = 410;
  if (answer.status == there) return Output{std::move(answer.body), false};
  if (answer.status == nothing_yet) return Output{};
  if (answer.status == over) return Output{{}, true};
  return unusable(concat("the gatehouse gives no output: ", reason_in(answer)));
}

Result<void> GatehouseClient::stop(const std::string& id) const {
  TRY(ask_well("POST", path_of(id, "/stop"), {}));
  return {};
}

Result<void> GatehouseClient::forget(const std::string& id) const {
  TRY(ask_well("DELETE", path_of(id, ""), {}));
  return {};
}

Result<std::string> GatehouseClient::read(const std::string& path) const {
  const auto answer = TRY(ask_well("GET", path, {}));
  return std::string(core::as_text(answer.body));
}

}  // namespace merlon::cli_deploy
