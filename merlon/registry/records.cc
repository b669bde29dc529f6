#include "merlon/registry/records.h"

#include "merlon/codec/base64.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"

namespace merlon::registry {

using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

/// The one member of an object, which must have that name and kind.
Result<const JsonValue*> only_member(const JsonValue& root, std::string_view name, JsonKind kind) {
  if (root.kind() != JsonKind::Object || root.items().size() != 1) {
    return core::error(ErrorCode::Malformed, "no object of one member");
  }
  return root.member(name, kind);
}

Result<JsonDocument> document(std::string_view json) {
  if (json.size() > max_record_size) return core::error(ErrorCode::Exhausted, "record too large");
  return JsonDocument::parse(json);
}

}  // namespace

Result<std::string> parse_user(std::string_view json) {
  const JsonDocument parsed = TRY(document(json));
  const JsonValue* const subject = TRY(only_member(parsed.root(), "subject", JsonKind::String));
  return std::string(subject->text());
}

std::string user_json(std::string_view subject) {
  codec::JsonWriter json;
  json.open_object();
  json.key("subject");
  json.text(subject);
  json.close_object();
  return json.result();
}

Result<bool> parse_repository(std::string_view json) {
  const JsonDocument parsed = TRY(document(json));
  const JsonValue* const is_public = TRY(only_member(parsed.root(), "public", JsonKind::Boolean));
  return is_public->is_true();
}

std::string repository_json(bool is_public) {
  return is_public ? R"({"public":true})" : R"({"public":false})";
}

Result<Meta> parse_tag(std::string_view text, std::string_view type) {
  if (type == tag_type) {
    if (text.size() > max_record_size) return core::error(ErrorCode::Exhausted, "tag too large");
    return parse_meta(text);
  }
  if (type != signed_tag_type) return core::error(ErrorCode::Unsupported, "no type of a tag");
  const JsonDocument parsed = TRY(document(text));
  const JsonValue& root = parsed.root();
  if (root.kind() != JsonKind::Object) return core::error(ErrorCode::Malformed, "no signature");
  const bool is_general = root.find("signatures") != nullptr;
  if (is_general == (root.find("signature") != nullptr)) {
    return core::error(ErrorCode::Malformed, "neither or both forms of a signature");
  }
  const auto payload = TRY(codec::decode_base64url(TRY(root.string_member("payload"))));
  return parse_meta(core::as_text(payload));
}

}  // namespace merlon::registry
