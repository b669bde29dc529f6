#include "merlon/cli_deploy/gatehouse_client.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/gatehouse/keep_folder.h"
#include "merlon/os/clock.h"
#include "merlon/os/poll.h"
#include "merlon/workload/url.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

constexpr std::size_t largest_answer = std::size_t{2} << 20U;

Failure unusable(std::string text) { return {std::move(text), Status::Unusable}; }

/// What a gatehouse says why not; its title, if it has one.
std::string reason_in(const http_client::Answer& answer) {
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (document) {
    const auto title = document->root().string_member("title");
    if (title) return base::printable(*title);
  }
  return concat("status ", answer.status);
}

std::string code_in(const http_client::Answer& answer) {
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (!document) return {};
  const auto code = document->root().string_member("code");
  return code ? std::string(*code) : std::string();
}

Result<std::vector<std::uint8_t>> bytes_of(const codec::JsonValue& object, std::string_view name) {
  const auto text = object.string_member(name);
  if (!text) return unusable(concat("the gatehouse's answer has no ", name));
  auto bytes = codec::decode_base64(*text);
  if (!bytes) return unusable(concat("the gatehouse's ", name, " is no base 64"));
  return *std::move(bytes);
}

Result<launch::Proof> proof_in(const codec::JsonValue& root) {
  launch::Proof proof;
  proof.evidence = TRY(bytes_of(root, "evidence"));
  proof.certificates = TRY(bytes_of(root, "certificates"));
  proof.tls_key = TRY(bytes_of(root, "tls_key"));
  proof.hpke_key = TRY(bytes_of(root, "hpke_key"));
  return proof;
}

std::string path_of(const std::string& id, std::string_view rest) {
  return concat("/v1/keeps/", id, rest);
}

}  // namespace

std::optional<std::string> normalised(std::string_view url) {
  constexpr std::string_view plain = "http://";
  const bool is_plain = base::equal_ignoring_case(url.substr(0, plain.size()), plain);
  const auto parsed = workload::parse_https_url(
      is_plain ? concat("https://", url.substr(plain.size())) : std::string(url));
  if (!parsed || parsed->path != "/") return std::nullopt;
  const std::string_view given = url.substr(url.find("://") + 3);
  const bool bracketed = given.starts_with('[');
  const bool has_port = given.find(':', bracketed ? given.find(']') : 0) != std::string_view::npos;
  constexpr std::uint16_t plain_port = 80;
  constexpr std::uint16_t tls_port = 443;
  const std::uint16_t usual = is_plain ? plain_port : tls_port;
  const std::uint16_t port = has_port ? parsed->port : usual;
  std::string host = parsed->host;
  std::ranges::transform(host, host.begin(), &base::lower);
  if (bracketed) host = concat("[", host, "]");
  const std::string rest = port == usual ? std::string() : concat(":", port);
  return concat(is_plain ? "http://" : "https://", host, rest);
}

Result<GatehouseAddress> gatehouse_address(const cli::Arguments& arguments,
                                           const cli::Terminal& terminal) {
  const auto value = [&](std::string_view option, const char* variable) {
    return arguments.has(option) ? arguments.value(option) : terminal.variable(variable);
  };
  GatehouseAddress address{
      value("--to", "MERLON_GATEHOUSE"),
      {value("--ca-bundle", "MERLON_CA_BUNDLE"), value("--cert", "MERLON_CERT"),
       value("--cert-key", "MERLON_CERT_KEY")}};
  address.token = TRY(TokenSource::of(arguments, terminal));
  return address;
}

Result<GatehouseClient> GatehouseClient::create(const GatehouseAddress& address) {
  std::string path;
  auto client = https_client::HttpsClient::create(address.url, address.files, path);
  if (!client) return unusable(client.error());
  if (path == "/") return GatehouseClient(*std::move(client), address.token);
  return unusable(concat("gatehouse ", base::quoted(address.url), ": must be https://HOST[:PORT]"));
}

Result<http_client::Answer> GatehouseClient::ask(std::string_view method, const std::string& path,
                                                 core::ByteView body) const {
  auto answer = client_.ask(method, path, body, largest_answer, TRY(token_.authorization()));
  if (!answer) return unusable(answer.error());
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

Result<GatehouseClient::Started> GatehouseClient::start(const door::KeepRequest& request) const {
  const std::string json = door::to_json(request);
  const auto answer = TRY(ask_well("POST", "/v1/keeps", core::as_bytes(json)));
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (!document) return unusable("the gatehouse's answer is no JSON");
  const codec::JsonValue& root = document->root();
  const auto id = root.string_member("id");
  if (!id || !gatehouse::is_keep_id(*id)) {
    return unusable("the gatehouse's answer has no id of a keep");
  }
  Started started;
  started.id = *id;
  started.proof = TRY(proof_in(root));
  return started;
}

Result<launch::Proof> GatehouseClient::proof(const std::string& id) const {
  const auto answer = TRY(ask_well("GET", path_of(id, "/evidence"), {}));
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (!document) return unusable("the gatehouse's answer is no JSON");
  return proof_in(document->root());
}

Result<std::optional<GatehouseClient::State>> GatehouseClient::state(const std::string& id) const {
  const auto answer = TRY(ask("GET", path_of(id, ""), {}));
  constexpr unsigned done = 200;
  constexpr unsigned unknown = 404;
  if (answer.status == unknown) return std::optional<State>();
  if (answer.status != done) {
    return unusable(concat("the gatehouse refuses: ", reason_in(answer)));
  }
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (!document) return unusable("the gatehouse's answer is no JSON");
  const auto name = document->root().string_member("state");
  if (!name) return unusable("the gatehouse's answer has no state of a keep");
  const codec::JsonValue* const stopped = document->root().find("stopped");
  const bool is_over = *name == "ended" || *name == "lost";
  return std::optional(State{!is_over, stopped != nullptr && stopped->is_true()});
}

bool GatehouseClient::was_stopped(const std::string& id) const {
  const auto told = state(id);
  return told && *told && (*told)->stopped;
}

Result<void> GatehouseClient::deliver(const std::string& id, core::ByteView sealed) const {
  TRY(ask_well("PUT", path_of(id, "/delivery"), sealed));
  return {};
}

Result<GatehouseClient::InputAnswer> GatehouseClient::input(const std::string& id, std::uint64_t at,
                                                            core::ByteView bytes) const {
  using Kind = InputAnswer::Kind;
  const auto asked = ask("POST", path_of(id, concat("/input?at=", at)), bytes);
  if (!asked) return InputAnswer{Kind::Unknown, asked.error().text};
  const http_client::Answer& answer = *asked;
  constexpr unsigned done = 204;
  constexpr unsigned unknown = 404;
  constexpr unsigned conflict = 409;
  constexpr unsigned gone = 410;
  constexpr unsigned later = 429;
  constexpr unsigned own_trouble = 500;
  if (answer.status == done) return InputAnswer{Kind::Taken};
  if (answer.status == later) return InputAnswer{Kind::Later};
  if (answer.status == gone || answer.status == unknown) return InputAnswer{Kind::Gone};
  std::string why = concat("the gatehouse takes no input: ", reason_in(answer));
  if (answer.status >= own_trouble) return InputAnswer{Kind::Unknown, std::move(why)};
  if (answer.status == conflict && code_in(answer) == "input.position") {
    return InputAnswer{Kind::Elsewhere, std::move(why)};
  }
  return unusable(std::move(why));
}

Result<GatehouseClient::Output> GatehouseClient::output(const std::string& id, std::uint64_t from,
                                                        std::chrono::milliseconds wait) const {
  const std::string path = path_of(id, concat("/output?from=", from, "&wait=", wait.count()));
  const std::uint64_t begun = os::now(os::Clock::Monotonic).value_or(0);
  auto asked = ask("GET", path, {});
  if (!asked) return Output{{}, false, asked.error().text};
  http_client::Answer answer = *std::move(asked);
  constexpr unsigned there = 200;
  constexpr unsigned nothing_yet = 204;
  constexpr unsigned over = 410;
  constexpr unsigned busy = 503;
  if (answer.status == busy)
    return Output{{}, false, concat("the gatehouse is busy: ", reason_in(answer))};
  if (answer.status == over) return Output{{}, true};
  if (answer.status != there && answer.status != nothing_yet) {
    return unusable(concat("the gatehouse gives no output: ", reason_in(answer)));
  }
  if (answer.status == there && !answer.body.empty()) return Output{std::move(answer.body), false};
  constexpr std::chrono::nanoseconds least = std::chrono::seconds(1);
  const std::chrono::nanoseconds waited{os::now(os::Clock::Monotonic).value_or(0) - begun};
  const auto rest = std::min<std::chrono::nanoseconds>(wait, least) - waited;
  if (rest.count() > 0) static_cast<void>(os::poll({}, rest));
  return Output{};
}

Result<void> GatehouseClient::stop(const std::string& id) const {
  TRY(ask_well("POST", path_of(id, "/stop"), {}));
  return {};
}

Result<void> GatehouseClient::forget(const std::string& id) const {
  TRY(ask_well("DELETE", path_of(id, ""), {}));
  return {};
}

Result<void> GatehouseClient::remove_volume(const std::string& name) const {
  TRY(ask_well("DELETE", concat("/v1/volumes/", name), {}));
  return {};
}

Result<std::string> GatehouseClient::read(const std::string& path) const {
  const auto answer = TRY(ask_well("GET", path, {}));
  return std::string(core::as_text(answer.body));
}

}  // namespace merlon::cli_deploy
