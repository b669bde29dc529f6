// merlon release deposit, list, show and remove: what a tenant leaves with a broker.

#include "merlon/base/text.h"
#include "merlon/cli_deploy/broker_client.h"
#include "merlon/cli_deploy/commands.h"
#include "merlon/cli_deploy/prepared.h"
#include "merlon/cli_evidence/moment.h"
#include "merlon/codec/json.h"
#include "merlon/command/numbers.h"
#include "merlon/door/keep_request.h"
#include "merlon/release/deposit.h"

namespace merlon::cli_deploy {

using base::concat;
using cli::Arguments;
using cli::Terminal;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

/// "app" of "registry.example/acme/app:1.0.0@…".
std::string last_word(std::string_view package) {
  package = package.substr(0, package.find('@'));
  package =
      package.substr(package.rfind('/') == std::string_view::npos ? 0 : package.rfind('/') + 1);
  return std::string(package.substr(0, package.find(':')));
}

Result<std::string> name_of(const Arguments& arguments) {
  std::string name = arguments.value("--name", last_word(arguments.positional(0)));
  if (base::is_label(name)) return name;
  return Failure{concat("--name: ", base::quoted(name), " is none of a-z, 0-9, - and _"),
                 Status::Usage};
}

Result<codec::UnixTime> until_of(const Arguments& arguments) {
  constexpr std::int64_t usual = 30 * codec::seconds_per_day;
  const codec::UnixTime now = TRY(cli_evidence::read_time(""));
  if (!arguments.has("--until")) return codec::UnixTime{now.seconds + usual};
  const auto until = codec::parse_rfc3339(arguments.value("--until"));
  if (!until) {
    return Failure{"--until: must be a time like 2026-12-31 or 2026-12-31T12:00:00Z",
                   Status::Usage};
  }
  if (*until > now && until->seconds - now.seconds <= release::longest_deposit) return *until;
  return Failure{"--until: must lie ahead, and not more than 366 days", Status::Usage};
}

Result<std::uint32_t> releases_of(const Arguments& arguments) {
  const auto number = command::number_of(arguments, "--releases", {1, release::max_releases}, 1);
  if (!number) return Failure{number.error(), Status::Usage};
  return static_cast<std::uint32_t>(*number);
}

/// What a host is told, which it would see anyhow. Backend and nonce are its own to say.
Result<std::string> offer_of(const host::Offer& offer) {
  std::string json = door::to_json({host::Backend::SnpSim, offer});
  if (json.size() <= release::max_offer) return json;
  return Failure{"the package asks for too many connections", Status::Unusable};
}

Result<void> read_policy(const Arguments& arguments, release::Deposit& deposit) {
  const std::string path = arguments.value("--policy");
  if (path.empty()) {
    return Failure{"--policy: which keeps get it? merlon evidence policy init", Status::Usage};
  }
  const auto bytes = TRY(cli_evidence::read_bytes(path, release::max_deposit_policy));
  deposit.policy = core::as_text(bytes);
  TRY(cli_evidence::read_policy(path));
  return {};
}

Result<release::Deposit> deposit_of(const Arguments& arguments, const Terminal& terminal) {
  release::Deposit deposit;
  deposit.name = TRY(name_of(arguments));
  deposit.until = TRY(until_of(arguments));
  deposit.releases = TRY(releases_of(arguments));
  deposit.host_hears = arguments.has("--host-hears");
  TRY(read_policy(arguments, deposit));
  if (const std::string path = arguments.value("--input"); !path.empty()) {
    deposit.input = crypto::SecretBytes(TRY(cli_evidence::read_bytes(path, release::max_input)));
  }
  const Prepared prepared = TRY(prepare(arguments, terminal, {}, true));
  for (const std::string& note : prepared.notes) {
    cli_evidence::remark(terminal, concat("note: ", note));
  }
  if (prepared.workload.message.volume) {
    return Failure{
        "a package with a sealed mount: its tenant has to remember how far the volume had come, so "
        "it cannot be left with a broker",
        Status::Unusable};
  }
  deposit.offer = TRY(offer_of(prepared.offer));
  auto workload = delivery::encode(prepared.workload);
  if (!workload) return Failure{std::string(workload.error().message()), Status::Unusable};
  deposit.workload = crypto::SecretBytes(*std::move(workload));
  return deposit;
}

Result<BrokerClient> tenants_client(const Arguments& arguments, const Terminal& terminal) {
  auto token = TRY(TokenSource::of(arguments, terminal));
  if (!token) {
    return Failure{"who are you? --token or MERLON_TOKEN, a bearer token for the broker",
                   Status::Usage};
  }
  return BrokerClient::create(arguments, terminal, std::move(token));
}

std::string text_of(const codec::JsonValue& value, std::string_view name) {
  const auto text = value.string_member(name);
  return text ? base::printable(*text) : std::string("-");
}
std::string number_of(const codec::JsonValue& value, std::string_view name) {
  const auto number = value.number_member(name, UINT64_MAX);
  return number ? std::to_string(*number) : std::string("-");
}

Result<codec::JsonDocument> parsed(const std::string& json) {
  auto document = codec::JsonDocument::parse(json);
  if (document) return *std::move(document);
  return Failure{"the broker's answer is no JSON", Status::Unusable};
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string row(const codec::JsonValue& deposit) {
  constexpr std::size_t name_width = 16;
  constexpr std::size_t number_width = 6;
  return concat(text_of(deposit, "id"), "  ", padded(text_of(deposit, "name"), name_width), "  ",
                padded(number_of(deposit, "released"), number_width), " given  ",
                padded(number_of(deposit, "left"), number_width), " left  ",
                text_of(deposit, "until"), "\n");
}

Result<int> deposit(const Arguments& arguments, const Terminal& terminal) {
  std::string id;
  if (arguments.has("--replace")) id = TRY(deposit_id(arguments.value("--replace")));
  const auto client = TRY(tenants_client(arguments, terminal));
  const release::Deposit made = TRY(deposit_of(arguments, terminal));
  const auto document = release::encode(made);
  if (!document) return Failure{std::string(document.error().message()), Status::Unusable};
  const std::string json = id.empty() ? TRY(client.deposit(document->reveal()))
                                      : TRY(client.replace(id, document->reveal()));
  if (arguments.has("--json")) return cli::print(terminal, json);
  const auto answer = TRY(parsed(json));
  const codec::JsonValue* const said = answer.root().find("deposit");
  if (said == nullptr) return Failure{"the broker's answer has no deposit", Status::Unusable};
  return cli::print(terminal, concat("deposit ", text_of(*said, "id"), "\ntenant ",
                                     text_of(answer.root(), "tenant"), "\n"));
}

Result<int> list(const Arguments& arguments, const Terminal& terminal) {
  const std::string json = TRY(TRY(tenants_client(arguments, terminal)).list());
  if (arguments.has("--json")) return cli::print(terminal, json);
  const auto answer = TRY(parsed(json));
  std::string table;
  if (const codec::JsonValue* const all = answer.root().find("deposits")) {
    for (const codec::JsonValue& each : all->items()) table += row(each);
  }
  return cli::print(terminal, table);
}

Result<int> show(const Arguments& arguments, const Terminal& terminal) {
  const std::string id = TRY(deposit_id(arguments.positional(0)));
  const std::string json = TRY(TRY(tenants_client(arguments, terminal)).show(id));
  if (arguments.has("--json")) return cli::print(terminal, json);
  const auto answer = TRY(parsed(json));
  std::string text = concat("tenant: ", text_of(answer.root(), "tenant"), "\n");
  const codec::JsonValue* const said = answer.root().find("deposit");
  if (said == nullptr) return Failure{"the broker's answer has no deposit", Status::Unusable};
  for (std::size_t i = 0; i < said->names().size(); ++i) {
    const codec::JsonValue& value = said->items()[i];
    std::string shown = "-";
    if (value.kind() == codec::JsonKind::String) shown = base::printable(value.text());
    if (value.kind() == codec::JsonKind::Number) shown = number_of(*said, said->names()[i]);
    if (value.kind() == codec::JsonKind::Boolean) shown = value.is_true() ? "yes" : "no";
    text += concat(base::printable(said->names()[i]), ": ", shown, "\n");
  }
  return cli::print(terminal, text);
}

Result<int> remove(const Arguments& arguments, const Terminal& terminal) {
  const std::string id = TRY(deposit_id(arguments.positional(0)));
  TRY(TRY(tenants_client(arguments, terminal)).remove(id));
  return 0;
}

}  // namespace

int release_deposit(const Arguments& arguments, const Terminal& terminal) {
  return ended(deposit(arguments, terminal), terminal);
}
int release_list(const Arguments& arguments, const Terminal& terminal) {
  return ended(list(arguments, terminal), terminal);
}
int release_show(const Arguments& arguments, const Terminal& terminal) {
  return ended(show(arguments, terminal), terminal);
}
int release_remove(const Arguments& arguments, const Terminal& terminal) {
  return ended(remove(arguments, terminal), terminal);
}

}  // namespace merlon::cli_deploy
