#include "merlon/cli_deploy/broker_client.h"

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

constexpr std::string_view all_deposits = "/release/v1/deposits";
constexpr unsigned first_refusal = 300;

Failure unusable(std::string text) { return {std::move(text), Status::Unusable}; }

/// "release.exhausted: wanted …; got …", of a problem [RFC9457]; else its status.
std::string reason_in(const http_client::Answer& answer) {
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  const auto member = [&](std::string_view name) -> std::string {
    const auto text = document ? document->root().string_member(name)
                               : core::Result<std::string_view>(document.error());
    return text ? base::printable(*text) : std::string();
  };
  const std::string code = member("code");
  if (code.empty()) return concat("status ", answer.status);
  const std::string got = member("got");
  return concat(code, ": wanted ", member("wanted"), got.empty() ? "" : "; got ", got);
}

Failure refusal(const http_client::Answer& answer) {
  constexpr unsigned first_trouble = 500;
  const bool says_no = answer.status >= 400 && answer.status < first_trouble;
  return {concat("the broker refuses: ", reason_in(answer)),
          says_no ? Status::Refused : Status::Unusable};
}

std::string path_of(const std::string& id, std::string_view what = "") {
  return concat(all_deposits, "/", id, what);
}

template <typename Bytes>
Result<Bytes> hex_member(const codec::JsonValue& root, std::string_view name) {
  const auto text = root.string_member(name);
  const auto bytes =
      text ? codec::decode_hex(*text) : core::Result<std::vector<std::uint8_t>>(text.error());
  const auto fixed = bytes ? Bytes::from(*bytes) : core::Result<Bytes>(bytes.error());
  if (!fixed) return unusable(concat("the broker's answer has no ", name));
  return *fixed;
}

}  // namespace

Result<std::string> deposit_id(std::string text) {
  const auto bytes = codec::decode_hex(text);
  if (bytes && bytes->size() == release::DepositId::size) return text;
  return Failure{concat(base::quoted(text), ": no id of a deposit"), Status::Usage};
}

Result<BrokerClient> BrokerClient::create(const cli::Arguments& arguments,
                                          const cli::Terminal& terminal, TokenSource token) {
  const auto value = [&](std::string_view option, const char* variable) {
    return arguments.has(option) ? arguments.value(option) : terminal.variable(variable);
  };
  const std::string url = value("--broker", "MERLON_BROKER");
  if (url.empty()) return Failure{"which broker? --broker or MERLON_BROKER", Status::Usage};
  std::string path;
  auto client = https_client::HttpsClient::create(
      url, {value("--ca-bundle", "MERLON_CA_BUNDLE"), {}, {}}, path);
  if (!client) return unusable(client.error());
  if (path == "/") return BrokerClient(*std::move(client), std::move(token));
  return unusable(concat("broker ", base::quoted(url), ": must be https://HOST[:PORT]"));
}

Result<http_client::Answer> BrokerClient::ask(std::string_view method, std::string path,
                                              core::ByteView body) const {
  https_client::Asking asking{method, std::move(path)};
  asking.body = body;
  asking.largest_answer = release::max_answer_size;
  asking.accept = "application/problem+json, */*";
  auto answer = client_.ask(asking);
  if (!answer) return unusable(answer.error());
  if (answer->status >= first_refusal) return refusal(*answer);
  return *std::move(answer);
}

Result<std::string> BrokerClient::ask_as_tenant(std::string_view method, std::string path,
                                                core::ByteView body) const {
  https_client::Asking asking{method, std::move(path)};
  asking.body = body;
  asking.largest_answer = release::max_answer_size;
  asking.accept = "application/problem+json, */*";
  asking.authorization = TRY(token_.authorization());
  auto answer = client_.ask(asking);
  if (!answer) return unusable(answer.error());
  if (answer->status >= first_refusal) {
    return Failure{refusal(*answer).text, Status::Unusable};
  }
  return std::string(core::as_text(answer->body));
}

Result<std::string> BrokerClient::deposit(core::ByteView document) const {
  return ask_as_tenant("POST", std::string(all_deposits), document);
}
Result<std::string> BrokerClient::replace(const std::string& id, core::ByteView document) const {
  return ask_as_tenant("PUT", path_of(id), document);
}
Result<std::string> BrokerClient::list() const {
  return ask_as_tenant("GET", std::string(all_deposits), {});
}
Result<std::string> BrokerClient::show(const std::string& id) const {
  return ask_as_tenant("GET", path_of(id), {});
}
Result<void> BrokerClient::remove(const std::string& id) const {
  TRY(ask_as_tenant("DELETE", path_of(id), {}));
  return {};
}

Result<BrokerClient::Invitation> BrokerClient::challenge(const std::string& id) const {
  const auto answer = TRY(ask("POST", path_of(id, "/challenge"), {}));
  const auto document = codec::JsonDocument::parse(core::as_text(answer.body));
  if (!document) return unusable("the broker's answer is no JSON");
  Invitation invitation;
  invitation.token = TRY(hex_member<release::Token>(document->root(), "token"));
  invitation.nonce = TRY(hex_member<delivery::Nonce>(document->root(), "nonce"));
  const auto offer = document->root().string_member("offer");
  if (!offer) return unusable("the broker's answer has no offer");
  invitation.offer = *offer;
  return invitation;
}

Result<release::Answer> BrokerClient::release(const std::string& id,
                                              const release::Claim& claim) const {
  const auto bytes = release::encode(claim);
  if (!bytes) return unusable(std::string(bytes.error().message()));
  const auto answer = TRY(ask("POST", path_of(id, "/release"), *bytes));
  auto released = release::decode_answer(answer.body);
  if (!released) return unusable(std::string(released.error().message()));
  return *std::move(released);
}

}  // namespace merlon::cli_deploy
