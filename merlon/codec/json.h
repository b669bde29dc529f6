#pragma once

// JSON as signed documents use it [RFC8259]: strict, UTF-8, no duplicate names. Text is
// attacker-controlled; time and memory are linear in its size, which is bounded.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::codec {

enum class JsonKind : std::uint8_t { Null, Boolean, Number, String, Array, Object };

/// A value and where it stood.
class JsonValue {
 public:
  /// Malformed: no JSON, a name twice in one object, not UTF-8 (detail: the offset).
  /// Exhausted: larger than 4 MiB, deeper than 16, more than 200 names in one object or 65,536
  /// values in all.
  [[nodiscard]] static core::Result<JsonValue> parse(std::string_view text);

  [[nodiscard]] JsonKind kind() const noexcept { return kind_; }
  /// Empty unless a string.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// A number without sign, fraction or exponent that fits; nothing otherwise.
  [[nodiscard]] std::optional<std::uint64_t> number() const noexcept;
  [[nodiscard]] bool is_true() const noexcept { return kind_ == JsonKind::Boolean && number_ == 1; }
  /// Elements of an array, or values of an object in their order.
  [[nodiscard]] const std::vector<JsonValue>& items() const noexcept { return items_; }
  /// Names of an object, beside items().
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  /// The member of an object; null if there is none.
  [[nodiscard]] const JsonValue* find(std::string_view name) const noexcept;

  /// The member must be there and be of that kind: NotFound and Malformed.
  [[nodiscard]] core::Result<const JsonValue*> member(std::string_view name, JsonKind kind) const;
  /// The member of that name, moved out; the member must be there and be an object.
  [[nodiscard]] core::Result<JsonValue> take_object(std::string_view name);
  [[nodiscard]] core::Result<std::string> string_member(std::string_view name) const;
  [[nodiscard]] core::Result<std::uint64_t> number_member(std::string_view name,
                                                          std::uint64_t max) const;

  /// Where the value stood in the text, brackets and quotes included. Objects and arrays only.
  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 private:
  friend class JsonBuilder;

  JsonKind kind_ = JsonKind::Null;
  bool is_whole_ = false;
  std::uint64_t number_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::string text_;
  std::vector<std::string> names_;
  std::vector<JsonValue> items_;
};

}  // namespace merlon::codec
