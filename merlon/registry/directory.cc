#include "merlon/registry/directory.h"

#include <limits>

#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/registry/names.h"

namespace merlon::registry {

using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t longest_type = 255;

void write(codec::JsonWriter& json, const Meta& meta) {
  json.open_object();
  json.key("digest");
  json.open_object();
  for (const DigestKind kind : digest_kinds) {
    if (meta.digest.get(kind).empty()) continue;
    json.key(name_of(kind));
    json.text(codec::encode_base64(meta.digest.get(kind)));
  }
  json.close_object();
  json.key("length");
  json.number(meta.length);
  json.key("type");
  json.text(meta.type);
  json.close_object();
}

Result<Meta> read(const JsonValue& value) {
  if (value.kind() != JsonKind::Object) {
    return core::error(ErrorCode::Malformed, "an entry of a tree is a JSON object");
  }
  Meta meta;
  const JsonValue* const digests = TRY(value.member("digest", JsonKind::Object));
  for (std::size_t i = 0; i < digests->items().size(); ++i) {
    const auto kind = find_digest_kind(digests->names()[i]);
    if (!kind) return core::error(ErrorCode::Malformed, "a digest by another hash");
    if (!meta.digest.get(*kind).empty()) {
      return core::error(ErrorCode::Malformed, "two digests by one hash");
    }
    const auto bytes = TRY(codec::decode_base64(digests->items()[i].text()));
    TRY(meta.digest.set(*kind, bytes));
  }
  if (meta.digest.empty()) return core::error(ErrorCode::Malformed, "an entry without a digest");
  meta.length = TRY(value.number_member("length", std::numeric_limits<std::uint64_t>::max()));
  meta.type = TRY(value.string_member("type"));
  if (meta.type.empty() || meta.type.size() > longest_type) {
    return core::error(ErrorCode::Malformed, "an entry without a type");
  }
  return meta;
}

}  // namespace

std::string_view type_of_file(std::string_view name) noexcept {
  if (name.ends_with(".wasm")) return wasm_type;
  if (name.ends_with(".sealed")) return sealed_type;
  return name.ends_with(".toml") ? toml_type : other_type;
}

Meta Meta::of(core::ByteView content, std::string_view type) {
  return {ContentDigest::of(content), content.size(), std::string(type)};
}

std::string to_json(const Meta& meta) {
  codec::JsonWriter json;
  write(json, meta);
  return json.result();
}

Result<Meta> parse_meta(std::string_view json) {
  const auto document = TRY(codec::JsonDocument::parse(json));
  return read(document.root());
}

std::string to_json(const Directory& directory) {
  codec::JsonWriter json;
  json.open_object();
  for (const auto& [name, meta] : directory) {
    json.key(name);
    write(json, meta);
  }
  json.close_object();
  return json.result();
}

Result<Directory> parse_directory(std::string_view json) {
  if (json.size() > max_directory_size) {
    return core::error(ErrorCode::Exhausted, "a directory of a tree is too large", json.size());
  }
  const auto document = TRY(codec::JsonDocument::parse(json));
  const JsonValue& root = document.root();
  if (root.kind() != JsonKind::Object) {
    return core::error(ErrorCode::Malformed, "a directory of a tree is a JSON object");
  }
  Directory directory;
  for (std::size_t i = 0; i < root.items().size(); ++i) {
    const std::string_view name = root.names()[i];
    if (!is_entry(name)) {
      return core::error(ErrorCode::Malformed, "a name that no entry of a tree has");
    }
    directory.emplace(name, TRY(read(root.items()[i])));
  }
  return directory;
}

}  // namespace merlon::registry
