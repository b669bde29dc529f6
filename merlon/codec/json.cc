// The only file that knows RapidJSON: its iterative reader hands us events, no exceptions, no
// recursion.

#include "merlon/codec/json.h"

#include <algorithm>

#define RAPIDJSON_HAS_STDSTRING 0
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

namespace merlon::codec {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t max_size = 4U << 20U;
constexpr std::size_t max_depth = 16;
constexpr std::size_t max_names = 200;
// Intel's documents have some 5,000, and each takes 112 bytes.
constexpr std::size_t max_values = 65'536;

}  // namespace

/// Builds the tree from the reader's events; an event that gives false ends the parse.
class JsonBuilder {
 public:
  explicit JsonBuilder(const rapidjson::MemoryStream& stream) : stream_(stream) {}

  // NOLINTBEGIN(readability-identifier-naming, *-convert-member-functions-to-static): RapidJSON
  // asks for members of these names.
  bool Null() { return put(JsonKind::Null, 0, false); }
  bool Bool(bool value) { return put(JsonKind::Boolean, value ? 1 : 0, false); }
  bool Int(int value) { return Int64(value); }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int64(std::int64_t value) {
    return value < 0 ? put(JsonKind::Number, 0, false) : Uint64(static_cast<std::uint64_t>(value));
  }
  bool Uint64(std::uint64_t value) { return put(JsonKind::Number, value, true); }
  bool Double(double /*value*/) { return put(JsonKind::Number, 0, false); }
  bool RawNumber(const char* /*text*/, unsigned /*size*/, bool /*copy*/) { return false; }
  bool String(const char* text, unsigned size, bool /*copy*/) {
    JsonValue value;
    value.kind_ = JsonKind::String;
    value.text_.assign(text, size);
    return add(std::move(value));
  }
  bool StartObject() { return open(JsonKind::Object); }
  bool StartArray() { return open(JsonKind::Array); }
  bool EndObject(unsigned /*count*/) { return close(); }
  bool EndArray(unsigned /*count*/) { return close(); }
  bool Key(const char* text, unsigned size, bool /*copy*/) {
    auto& names = open_.back().names_;
    std::string name(text, size);
    if (names.size() == max_names) return stop(ErrorCode::Exhausted, "JSON object too large");
    if (std::ranges::find(names, name) != names.end()) {
      return stop(ErrorCode::Malformed, "JSON object has a name twice");
    }
    names.push_back(std::move(name));
    return true;
  }

  // NOLINTEND(readability-identifier-naming, *-convert-member-functions-to-static)

  [[nodiscard]] const std::optional<core::Error>& refusal() const { return refusal_; }
  [[nodiscard]] JsonValue take() { return std::move(root_); }

 private:
  bool stop(ErrorCode code, const char* what) {
    refusal_ = core::error(code, what, stream_.Tell());
    return false;
  }
  bool put(JsonKind kind, std::uint64_t number, bool whole) {
    JsonValue value;
    value.kind_ = kind;
    value.number_ = number;
    value.is_whole_ = whole;
    return add(std::move(value));
  }
  bool add(JsonValue value) {
    if (++count_ > max_values) return stop(ErrorCode::Exhausted, "JSON of too many values");
    if (open_.empty()) {
      root_ = std::move(value);
    } else {
      open_.back().items_.push_back(std::move(value));
    }
    return true;
  }
  bool open(JsonKind kind) {
    if (open_.size() == max_depth) return stop(ErrorCode::Exhausted, "JSON too deep");
    JsonValue value;
    value.kind_ = kind;
    value.begin_ = stream_.Tell();  // the iterative reader takes a bracket after its event
    open_.push_back(std::move(value));
    return true;
  }
  bool close() {
    JsonValue value = std::move(open_.back());
    open_.pop_back();
    value.end_ = stream_.Tell() + 1;
    return add(std::move(value));
  }

  const rapidjson::MemoryStream& stream_;
  std::vector<JsonValue> open_;
  JsonValue root_;
  std::size_t count_ = 0;
  std::optional<core::Error> refusal_;
};

Result<JsonValue> JsonValue::parse(std::string_view text) {
  if (text.size() > max_size) return core::error(ErrorCode::Exhausted, "JSON too large");
  constexpr unsigned flags = rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  rapidjson::MemoryStream stream(text.data(), text.size());
  JsonBuilder builder(stream);
  rapidjson::Reader reader;
  const auto result = reader.Parse<flags>(stream, builder);
  if (builder.refusal()) return *builder.refusal();
  // The stream shows its end as NUL, so a NUL in the text would pass for it.
  if (result.IsError() || stream.Tell() != text.size()) {
    return core::error(ErrorCode::Malformed, "not JSON",
                       result.IsError() ? result.Offset() : stream.Tell());
  }
  return builder.take();
}

std::optional<std::uint64_t> JsonValue::number() const noexcept {
  if (kind_ != JsonKind::Number || !is_whole_) return std::nullopt;
  return number_;
}

const JsonValue* JsonValue::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(names_, name);
  return found == names_.end() ? nullptr
                               : &items_[static_cast<std::size_t>(found - names_.begin())];
}

Result<const JsonValue*> JsonValue::member(std::string_view name, JsonKind kind) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return core::error(ErrorCode::NotFound, "a JSON member is missing", begin_);
  if (value->kind() != kind) {
    return core::error(ErrorCode::Malformed, "a JSON member of another kind", begin_);
  }
  return value;
}

Result<JsonValue> JsonValue::take_object(std::string_view name) {
  const JsonValue* value = TRY(member(name, JsonKind::Object));
  return std::move(items_[static_cast<std::size_t>(value - items_.data())]);
}

Result<std::string> JsonValue::string_member(std::string_view name) const {
  return TRY(member(name, JsonKind::String))->text();
}

Result<std::uint64_t> JsonValue::number_member(std::string_view name, std::uint64_t max) const {
  const auto number = TRY(member(name, JsonKind::Number))->number();
  if (!number || *number > max) {
    return core::error(ErrorCode::Malformed, "a JSON number out of its range", begin_);
  }
  return *number;
}

}  // namespace merlon::codec
