#pragma once

// JSON as signed documents use it [RFC8259]: strict, UTF-8, no duplicate names. Text is
// attacker-controlled; time and memory are linear in its size, which is bounded.

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <span>
#include <string_view>

#include "merlon/core/result.h"

namespace merlon::codec {

enum class JsonKind : std::uint8_t { Null, Boolean, Number, String, Array, Object };

/// A value and where it stood. Belongs to its document, as everything does that it gives.
class JsonValue {
 public:
  [[nodiscard]] JsonKind kind() const noexcept { return kind_; }
  /// Empty unless a string.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// A number without sign, fraction or exponent that fits; nothing otherwise.
  [[nodiscard]] std::optional<std::uint64_t> number() const noexcept;
  /// The same with a sign, between -2^63 and 2^63 - 1.
  [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
  [[nodiscard]] bool is_true() const noexcept { return kind_ == JsonKind::Boolean && number_ == 1; }
  /// Elements of an array, or values of an object in their order.
  [[nodiscard]] std::span<const JsonValue> items() const noexcept { return items_; }
  /// Names of an object, beside items().
  [[nodiscard]] std::span<const std::string_view> names() const noexcept {
    return {names_, names_ == nullptr ? 0 : items_.size()};
  }
  /// The member of an object; null if there is none.
  [[nodiscard]] const JsonValue* find(std::string_view name) const noexcept;

  /// The member must be there and be of that kind: NotFound and Malformed.
  [[nodiscard]] core::Result<const JsonValue*> member(std::string_view name, JsonKind kind) const;
  [[nodiscard]] core::Result<std::string_view> string_member(std::string_view name) const;
  [[nodiscard]] core::Result<std::uint64_t> number_member(std::string_view name,
                                                          std::uint64_t max) const;

  /// Where the value stood in the text, brackets and quotes included. Objects and arrays only.
  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }

 private:
  friend class JsonBuilder;

  JsonKind kind_ = JsonKind::Null;
  bool is_whole_ = false;
  bool is_negative_ = false;  // then number_ is that number's bits
  std::uint64_t number_ = 0;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
  std::string_view text_;
  std::span<const JsonValue> items_;
  const std::string_view* names_ = nullptr;  // as many as items, of an object
};

/// A text taken apart. Holds all of its values in a few blocks of memory and borrows nothing of the
/// text. An empty document is null.
class JsonDocument {
 public:
  /// Malformed: no JSON, a name twice in one object, not UTF-8 (detail: the offset).
  /// Exhausted: larger than 4 MiB, deeper than 16, more than 65,536 values.
  [[nodiscard]] static core::Result<JsonDocument> parse(std::string_view text);

  [[nodiscard]] const JsonValue& root() const noexcept { return root_; }

 private:
  std::unique_ptr<std::pmr::monotonic_buffer_resource> memory_;  // what root_ points into
  JsonValue root_;
};

}  // namespace merlon::codec
