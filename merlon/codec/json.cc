// The only file that knows RapidJSON: its iterative reader hands us events, no exceptions, no
// recursion.

#include "merlon/codec/json.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#define RAPIDJSON_HAS_STDSTRING 0
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include "merlon/base/characters.h"

namespace merlon::codec {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t max_size = 4U << 20U;
constexpr std::size_t max_depth = 16;
// So many names of an object are compared each with each; of more, all at once at its end.
constexpr std::size_t few_names = 200;
// Intel's documents have some 5,000, and each takes 64 bytes.
constexpr std::size_t max_values = 65'536;

}  // namespace

/// Builds the tree from the reader's events; an event that gives false ends the parse.
class JsonBuilder {
 public:
  JsonBuilder(const rapidjson::MemoryStream& stream, std::pmr::memory_resource& memory)
      : stream_(stream), memory_(memory) {}

  // NOLINTBEGIN(readability-identifier-naming, *-convert-member-functions-to-static): RapidJSON
  // asks for members of these names.
  bool Null() { return put(JsonKind::Null, 0, false); }
  bool Bool(bool value) { return put(JsonKind::Boolean, value ? 1 : 0, false); }
  bool Int(int value) { return Int64(value); }
  bool Uint(unsigned value) { return Uint64(value); }
  bool Int64(std::int64_t value) {
    if (value >= 0) return Uint64(static_cast<std::uint64_t>(value));
    JsonValue negative;
    negative.kind_ = JsonKind::Number;
    negative.number_ = static_cast<std::uint64_t>(value);
    negative.is_negative_ = true;
    return add(negative);
  }
  bool Uint64(std::uint64_t value) { return put(JsonKind::Number, value, true); }
  bool Double(double /*value*/) { return put(JsonKind::Number, 0, false); }
  bool RawNumber(const char* /*text*/, unsigned /*size*/, bool /*copy*/) { return false; }
  bool String(const char* text, unsigned size, bool /*copy*/) {
    if (!is_utf8({text, size})) return false;
    JsonValue value;
    value.kind_ = JsonKind::String;
    value.text_ = kept(std::string_view(text, size));
    return add(value);
  }
  bool StartObject() { return open(JsonKind::Object); }
  bool StartArray() { return open(JsonKind::Array); }
  bool EndObject(unsigned /*count*/) { return close(); }
  bool EndArray(unsigned /*count*/) { return close(); }
  bool Key(const char* text, unsigned size, bool /*copy*/) {
    const std::string_view name(text, size);
    if (!is_utf8(name)) return false;
    const auto first = names_.begin() + static_cast<std::ptrdiff_t>(open_.back().first_name);
    const bool few = static_cast<std::size_t>(names_.end() - first) < few_names;
    if (few && std::find(first, names_.end(), name) != names_.end()) {
      return stop(ErrorCode::Malformed, "JSON object has a name twice");
    }
    names_.push_back(kept(name));
    return true;
  }

  // NOLINTEND(readability-identifier-naming, *-convert-member-functions-to-static)

  [[nodiscard]] const std::optional<core::Error>& refusal() const { return refusal_; }
  [[nodiscard]] const JsonValue& root() const { return values_.front(); }

 private:
  /// The document is UTF-8 as a whole; but RapidJSON takes an escape of half a pair, U+DC00 and on,
  /// for a character, whose first byte would be this one.
  bool is_utf8(std::string_view text) {
    if (text.find('\xED') == std::string_view::npos) return true;
    if (base::well_formed_size(text) == text.size()) return true;
    return stop(ErrorCode::Malformed, "JSON with half a character");
  }
  bool stop(ErrorCode code, const char* what) {
    refusal_ = core::error(code, what, stream_.Tell());
    return false;
  }
  bool put(JsonKind kind, std::uint64_t number, bool whole) {
    JsonValue value;
    value.kind_ = kind;
    value.number_ = number;
    value.is_whole_ = whole;
    return add(value);
  }
  bool add(const JsonValue& value) {
    if (++count_ > max_values) return stop(ErrorCode::Exhausted, "JSON of too many values");
    values_.push_back(value);
    return true;
  }
  bool open(JsonKind kind) {
    if (open_.size() == max_depth) return stop(ErrorCode::Exhausted, "JSON too deep");
    // The iterative reader takes a bracket after its event, so this is where it stands.
    open_.push_back({kind, stream_.Tell(), values_.size(), names_.size()});
    return true;
  }
  bool close() {
    const Open opened = open_.back();
    open_.pop_back();
    if (names_.size() - opened.first_name > few_names && has_a_name_twice(opened.first_name)) {
      return stop(ErrorCode::Malformed, "JSON object has a name twice");
    }
    JsonValue value;
    value.kind_ = opened.kind;
    value.begin_ = static_cast<std::uint32_t>(opened.begin);  // below max_size
    value.end_ = static_cast<std::uint32_t>(stream_.Tell() + 1);
    value.items_ = taken_from(values_, opened.first_value);
    value.names_ = taken_from(names_, opened.first_name).data();
    return add(value);
  }
  [[nodiscard]] bool has_a_name_twice(std::size_t first) const {
    std::vector<std::string_view> names(names_.begin() + static_cast<std::ptrdiff_t>(first),
                                        names_.end());
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) != names.end();
  }
  /// Everything from `first` on, kept side by side.
  template <typename T>
  std::span<const T> taken_from(std::vector<T>& all, std::size_t first) {
    const auto taken = kept(std::span<const T>(all).subspan(first));
    all.resize(first);
    return taken;
  }
  /// In the document's memory, which frees it without a look at it.
  template <typename T>
  std::span<const T> kept(std::span<const T> values) {
    static_assert(std::is_trivially_destructible_v<T>);
    if (values.empty()) return {};
    T* const copy = std::pmr::polymorphic_allocator<T>(&memory_).allocate(values.size());
    std::uninitialized_copy(values.begin(), values.end(), copy);
    return {copy, values.size()};
  }
  std::string_view kept(std::string_view text) {
    const auto copy = kept(std::span<const char>(text));
    return {copy.data(), copy.size()};
  }

  /// An object or array whose end has not come yet.
  struct Open {
    JsonKind kind;
    std::size_t begin;        ///< offset of its bracket
    std::size_t first_value;  ///< of its own in values_
    std::size_t first_name;   ///< of its own in names_
  };

  const rapidjson::MemoryStream& stream_;
  std::pmr::memory_resource& memory_;
  std::vector<Open> open_;
  // What is in no closed object or array yet.
  std::vector<JsonValue> values_;
  std::vector<std::string_view> names_;
  std::size_t count_ = 0;
  std::optional<core::Error> refusal_;
};

Result<JsonDocument> JsonDocument::parse(std::string_view text) {
  if (text.size() > max_size) return core::error(ErrorCode::Exhausted, "JSON too large");
  // Once over the whole text, which is several times faster than RapidJSON's look at each
  // character.
  if (const auto size = base::well_formed_size(text); size != text.size()) {
    return core::error(ErrorCode::Malformed, "not JSON", size);
  }
  rapidjson::MemoryStream stream(text.data(), text.size());
  JsonDocument made;
  made.memory_ = std::make_unique<std::pmr::monotonic_buffer_resource>(std::size_t{4096});
  JsonBuilder builder(stream, *made.memory_);
  rapidjson::Reader reader;
  const auto result = reader.Parse<rapidjson::kParseIterativeFlag>(stream, builder);
  if (builder.refusal()) return *builder.refusal();
  // The stream shows its end as NUL, so a NUL in the text would pass for it.
  if (result.IsError() || stream.Tell() != text.size()) {
    return core::error(ErrorCode::Malformed, "not JSON",
                       result.IsError() ? result.Offset() : stream.Tell());
  }
  made.root_ = builder.root();
  return made;
}

std::optional<std::uint64_t> JsonValue::number() const noexcept {
  if (kind_ != JsonKind::Number || !is_whole_) return std::nullopt;
  return number_;
}

std::optional<std::int64_t> JsonValue::integer() const noexcept {
  if (kind_ != JsonKind::Number || !(is_whole_ || is_negative_)) return std::nullopt;
  const auto value = static_cast<std::int64_t>(number_);
  if ((value < 0) != is_negative_) return std::nullopt;
  return value;
}

const JsonValue* JsonValue::find(std::string_view name) const noexcept {
  const auto all = names();
  const auto found = std::ranges::find(all, name);
  return found == all.end() ? nullptr : &items_[static_cast<std::size_t>(found - all.begin())];
}

Result<const JsonValue*> JsonValue::member(std::string_view name, JsonKind kind) const {
  const JsonValue* value = find(name);
  if (value == nullptr) return core::error(ErrorCode::NotFound, "a JSON member is missing", begin_);
  if (value->kind() != kind) {
    return core::error(ErrorCode::Malformed, "a JSON member of another kind", begin_);
  }
  return value;
}

Result<std::string_view> JsonValue::string_member(std::string_view name) const {
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
