#include "merlon/signing/signature_file.h"

#include <algorithm>
#include <array>
#include <vector>

#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"

namespace merlon::signing {

using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

core::Error malformed(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

/// Exactly `names`, in any order; the document has none twice.
Result<void> expect_members(const JsonValue& object, std::span<const std::string_view> names) {
  if (object.kind() != JsonKind::Object) return malformed("no JSON object of signatures");
  for (const std::string_view name : object.names()) {
    if (std::ranges::find(names, name) == names.end()) {
      return malformed("a member that a signature file does not have");
    }
  }
  if (object.names().size() != names.size()) {
    return malformed("a member of a signature file is missing");
  }
  return {};
}

Result<std::vector<std::uint8_t>> bytes_of(const JsonValue& object, std::string_view name) {
  const JsonValue* array = TRY(object.member(name, JsonKind::Array));
  std::vector<std::uint8_t> bytes;
  bytes.reserve(array->items().size());
  for (const JsonValue& each : array->items()) {
    const auto number = each.number();
    if (!number || *number > 0xFF) return malformed("an array of what is no byte");
    bytes.push_back(static_cast<std::uint8_t>(*number));
  }
  return bytes;
}

Result<std::optional<GuestSignature>> parse_guest(const JsonValue& object) {
  constexpr std::array<std::string_view, 2> members{"id_block", "id_auth"};
  TRY(expect_members(object, members));
  const auto block = TRY(bytes_of(object, "id_block"));
  const auto auth = TRY(bytes_of(object, "id_auth"));
  if (block.empty() && auth.empty()) return std::optional<GuestSignature>();
  GuestSignature guest;
  guest.block = TRY(snp::IdBlock::parse(block));
  guest.auth = TRY(snp::IdAuth::parse(auth));
  return std::optional(guest);
}

void write(codec::JsonWriter& json, std::string_view name, core::ByteView bytes) {
  json.key(name);
  json.open_array();
  for (const std::uint8_t byte : bytes) json.number(std::uint32_t{byte});
  json.close_array();
}

}  // namespace

bool is_version(std::string_view text) noexcept {
  constexpr std::string_view taken =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+-";
  return !text.empty() && text.size() <= SignatureFile::max_version_size &&
         text.find_first_not_of(taken) == std::string_view::npos;
}

Result<SignatureFile> SignatureFile::parse(std::string_view text) {
  if (text.size() > max_size) {
    return core::error(ErrorCode::Exhausted, "a signature file of more than 256 KiB", text.size());
  }
  constexpr std::array<std::string_view, 3> members{"version", "sev", "sgx"};
  const auto document = TRY(codec::JsonDocument::parse(text));
  const JsonValue& root = document.root();
  TRY(expect_members(root, members));
  SignatureFile file;
  file.version = TRY(root.string_member("version"));
  if (!is_version(file.version)) return malformed("no version of a signature file");
  file.guest = TRY(parse_guest(*TRY(root.member("sev", JsonKind::Object))));
  if (const auto enclave = TRY(bytes_of(root, "sgx")); !enclave.empty()) {
    file.enclave = TRY(sgx::Sigstruct::parse(enclave));
  }
  if (!file.guest && !file.enclave) return malformed("a signature file without a signature");
  return file;
}

std::string SignatureFile::to_json() const {
  codec::JsonWriter json;
  json.open_object();
  json.key("version");
  json.text(version);
  json.key("sev");
  json.open_object();
  if (guest) {
    write(json, "id_block", guest->block.to_bytes());
    write(json, "id_auth", guest->auth.to_bytes());
  } else {
    write(json, "id_block", {});
    write(json, "id_auth", {});
  }
  json.close_object();
  if (enclave) {
    write(json, "sgx", enclave->to_bytes());
  } else {
    write(json, "sgx", {});
  }
  json.close_object();
  return json.result();
}

}  // namespace merlon::signing
