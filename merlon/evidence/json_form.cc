#include "merlon/evidence/json_form.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/evidence/report_fields.h"
#include "merlon/evidence/text_form.h"

namespace merlon::evidence {

using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

/// Names of members without case, "_" and "-": of dstack, Trustee, Intel Trust Authority, Microsoft
/// Azure Attestation, CCF, Azure's THIM and IMDS, configfs-tsm.
constexpr std::array<std::string_view, 21> evidence_names{
    "quote",      "rawquote",          "sgxquote",    "tdxquote",  "tdquote",     "dcapquote",
    "intelquote", "isvquote",          "report",      "rawreport", "snpreport",   "sevsnpreport",
    "hclreport",  "attestationreport", "attestation", "evidence",  "tdxevidence", "outblob",
    "teereport",  "reportblob",        "cpuevidence"};

constexpr std::size_t least_evidence = 400;  // shorter things of these names are something else

std::string plain_name(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (c == '_' || c == '-') continue;
    plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return plain;
}

/// The bytes that a value stands for: text in hexadecimal or base 64, or an array of numbers.
std::optional<Bytes> bytes_of(const JsonValue& value) {
  if (value.kind() == JsonKind::String) {
    std::string_view text = value.text();
    if (text.starts_with("0x")) text.remove_prefix(2);
    if (auto bytes = codec::decode_hex(text)) return *std::move(bytes);
    if (auto bytes = codec::decode_any_base64(text)) return *std::move(bytes);
    return std::nullopt;
  }
  if (value.kind() != JsonKind::Array) return std::nullopt;
  Bytes bytes;
  for (const JsonValue& item : value.items()) {
    const auto number = item.number();
    if (!number || *number > 255) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*number));
  }
  return bytes;
}

class Search {
 public:
  /// Looks at every member down to some depth. Errors are about what must not be lost.
  Result<void> look(const JsonValue& value, std::size_t depth) {
    constexpr std::size_t deepest = 6;
    if (depth == deepest) return {};
    if (is_report_fields(value)) {
      add_found(TRY(report_of_fields(value)));
      notes_.assign(1,
                    "the report was given field by field; what is judged was put together again");
      return {};
    }
    if (value.kind() == JsonKind::Object) {
      TRY(add_table_entry(value));
      const auto added = beside_.add_object(value);
      if (!added && added.error().code != ErrorCode::Malformed) return added.error();
    }
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      const std::string_view name =
          value.kind() == JsonKind::Object ? std::string_view(value.names()[i]) : "";
      TRY(look_at(name, value.items()[i], depth));
    }
    return {};
  }

  [[nodiscard]] std::optional<Result<Inside>> result() && {
    if (found_.empty()) return std::nullopt;
    if (found_.size() > 1) {
      return core::error(ErrorCode::Malformed,
                         "JSON with more than one piece of evidence: each is judged by itself",
                         found_.size());
    }
    return Inside{std::move(found_.front()), std::move(beside_), std::move(notes_)};
  }

 private:
  void add_found(Bytes bytes) {
    if (std::ranges::find(found_, bytes) == found_.end()) found_.push_back(std::move(bytes));
  }

  /// {"cert_type": "VCEK", "data": [numbers]}, as the sev crate of virtee writes certificate
  /// tables.
  Result<void> add_table_entry(const JsonValue& value) {
    const JsonValue* kind = value.find("cert_type");
    const JsonValue* data = value.find("data");
    if (kind == nullptr || data == nullptr) return {};
    const auto bytes = bytes_of(*data);
    const auto added = bytes ? beside_.add(*bytes) : Result<std::size_t>(0);
    if (!added && added.error().code != ErrorCode::Malformed) return added.error();
    if (kind->text() == "CRL" && !(bytes && added)) {
      return core::error(ErrorCode::Unsupported,
                         "a revocation list of a certificate table cannot be read");
    }
    return {};
  }

  Result<void> look_at(std::string_view name, const JsonValue& value, std::size_t depth) {
    const std::string plain = plain_name(name);
    if (std::ranges::find(evidence_names, plain) != evidence_names.end()) {
      auto bytes = bytes_of(value);
      if (bytes && bytes->size() >= least_evidence) {
        add_found(*std::move(bytes));
        return {};
      }
      // JSON in a string, and so once more.
      const auto inner = JsonDocument::parse(value.text());
      if (inner && inner->root().kind() == JsonKind::Object) return look(inner->root(), depth + 1);
    }
    if (value.kind() == JsonKind::Object || value.kind() == JsonKind::Array) {
      return look(value, depth + 1);
    }
    return {};
  }

  std::vector<Bytes> found_;
  Endorsements beside_;
  std::vector<std::string> notes_;
};

}  // namespace

std::optional<Result<Inside>> unwrap_json(ByteView bytes) {
  const auto text = text_of(bytes);
  if (!text || !text->starts_with('{')) return std::nullopt;
  const auto document = JsonDocument::parse(*text);
  if (!document) return std::nullopt;
  Search search;
  if (const auto looked = search.look(document->root(), 0); !looked) return looked.error();
  return std::move(search).result();
}

}  // namespace merlon::evidence
