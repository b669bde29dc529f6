#include "merlon/cli_deploy/kept_talk.h"

#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/codec/time.h"
#include "merlon/command/state_path.h"
#include "merlon/gatehouse/keep_folder.h"
#include "merlon/os/open.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

Result<std::string> path_of(const cli::Terminal& terminal, const std::string& id) {
  if (!gatehouse::is_keep_id(id)) {
    return Failure{concat(base::quoted(id), " is no id of a keep (32 hexadecimal digits)"),
                   Status::Usage};
  }
  const std::string folder = command::state_path(terminal, "keeps");
  if (folder.empty()) {
    return Failure{"neither XDG_STATE_HOME nor HOME says where talks are kept", Status::Unusable};
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return concat(folder, "/", id);
}

Failure not_a_talk(const std::string& path) {
  return {concat(base::printable(path), ": is no kept talk"), Status::Unusable};
}

template <typename Bytes>
std::optional<Bytes> bytes_in(const codec::JsonValue& root, std::string_view name) {
  const auto text = root.string_member(name);
  if (!text) return std::nullopt;
  const auto bytes = codec::decode_hex(*text);
  if (!bytes) return std::nullopt;
  const auto fixed = Bytes::from(*bytes);
  return fixed ? std::optional<Bytes>(*fixed) : std::nullopt;
}

std::optional<verify::BindToChallenge> binding_in(const codec::JsonValue& root) {
  const auto tls = bytes_in<crypto::Sha256Digest>(root, "tls_key_sha256");
  const auto hpke = bytes_in<crypto::Sha256Digest>(root, "hpke_key_sha256");
  const auto nonce = bytes_in<evidence::Nonce>(root, "nonce");
  if (!tls || !hpke || !nonce) return std::nullopt;
  return verify::BindToChallenge{*tls, *hpke, *nonce};
}

}  // namespace

Result<void> keep_talk(const cli::Terminal& terminal, const KeptTalk& talk) {
  const std::string path = TRY(path_of(terminal, talk.id));
  codec::JsonWriter json;
  const auto member = [&](std::string_view name, std::string_view value) {
    json.key(name);
    json.text(value);
  };
  json.open_object();
  member("id", talk.id);
  member("url", talk.gatehouse.url);
  member("ca_bundle", talk.gatehouse.files.ca_bundle);
  member("cert", talk.gatehouse.files.certificate);
  member("cert_key", talk.gatehouse.files.key);
  member("token_file", talk.gatehouse.token.file());
  member("module_sha256", base::hex(talk.module.view()));
  if (talk.binding) {
    member("challenged", codec::to_rfc3339(talk.challenged));
    member("nonce", base::hex(talk.binding->nonce.view()));
    member("tls_key_sha256", base::hex(talk.binding->tls_key_digest.view()));
    member("hpke_key_sha256", base::hex(talk.binding->hpke_key_digest.view()));
  }
  member("secret", base::hex(talk.secret.reveal()));
  json.close_object();
  const std::string text = json.result() + "\n";
  const auto written = os::replace_file(path, core::as_bytes(text));
  if (written) return {};
  return Failure{concat(base::printable(path), ": ", os::describe(written.error())),
                 Status::Unusable};
}

Result<KeptTalk> find_talk(const cli::Terminal& terminal, const std::string& id) {
  const std::string path = TRY(path_of(terminal, id));
  constexpr std::size_t largest = 65536;
  if (!os::exists(path)) {
    return Failure{
        concat("no talk with the keep ", id, " is kept here (deploy --detach keeps one)"),
        Status::Unusable};
  }
  const auto bytes = TRY(cli_evidence::read_bytes(path, largest));
  const auto document = codec::JsonDocument::parse(core::as_text(bytes));
  if (!document) return not_a_talk(path);
  const auto text = [&](std::string_view name) -> std::string {
    const auto value = document->root().string_member(name);
    return value ? std::string(*value) : std::string();
  };
  const auto binding = binding_in(document->root());
  const auto challenged = codec::parse_rfc3339(text("challenged"));
  const auto module_bytes = codec::decode_hex(text("module_sha256"));
  auto secret = codec::decode_hex(text("secret"));
  if (!module_bytes || !secret) return not_a_talk(path);
  const auto digest = crypto::Sha256Digest::from(*module_bytes);
  if (!digest || text("id") != id) return not_a_talk(path);
  return KeptTalk{id,
                  {text("url"),
                   {text("ca_bundle"), text("cert"), text("cert_key")},
                   TokenSource::of_file(text("token_file"))},
                  *digest,
                  crypto::SecretBytes(*std::move(secret)),
                  challenged ? binding : std::nullopt,
                  challenged ? *challenged : codec::UnixTime{}};
}

void forget_talk(const cli::Terminal& terminal, const std::string& id) {
  const auto path = path_of(terminal, id);
  std::error_code error;
  if (path) std::filesystem::remove(*path, error);
}

Result<GatehouseClient> client_for(const cli::Arguments& arguments, const cli::Terminal& terminal,
                                   const std::string& id) {
  const GatehouseAddress address = TRY(gatehouse_address(arguments, terminal));
  if (!address.url.empty()) return GatehouseClient::create(address);
  if (id.empty()) {
    return Failure{"no gatehouse is named (--to, or MERLON_GATEHOUSE)", Status::Usage};
  }
  GatehouseAddress kept = TRY(find_talk(terminal, id)).gatehouse;
  if (address.token) kept.token = address.token;
  return GatehouseClient::create(kept);
}

}  // namespace merlon::cli_deploy
