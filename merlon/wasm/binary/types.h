#pragma once

// The types of [WASM 3.0 §2.3], without those of the GC proposal.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace merlon::wasm {

using TypeIndex = std::uint32_t;
using FuncIndex = std::uint32_t;
using TableIndex = std::uint32_t;
using MemoryIndex = std::uint32_t;
using GlobalIndex = std::uint32_t;
using TagIndex = std::uint32_t;
using LocalIndex = std::uint32_t;

/// What a reference points to: one of the abstract types, or a defined function type.
class HeapType {
 public:
  enum class Kind : std::uint8_t { Func, NoFunc, Extern, NoExtern, Exn, NoExn, Defined };

  constexpr HeapType(Kind kind) noexcept : kind_(kind) {}  // NOLINT(google-explicit-constructor)
  [[nodiscard]] static constexpr HeapType defined(TypeIndex index) noexcept {
    HeapType type(Kind::Defined);
    type.index_ = index;
    return type;
  }

  [[nodiscard]] constexpr Kind kind() const noexcept { return kind_; }
  [[nodiscard]] constexpr TypeIndex index() const noexcept { return index_; }
  constexpr bool operator==(const HeapType&) const noexcept = default;

 private:
  Kind kind_;
  TypeIndex index_ = 0;
};

/// A number, vector or reference type, packed into 32 bits so that stacks of them are small.
/// `Bottom` is the type of operands in unreachable code and occurs in the validator only.
class ValueType {
 public:
  enum class Kind : std::uint8_t { Bottom, I32, I64, F32, F64, V128, Ref };

  constexpr ValueType() noexcept = default;
  constexpr ValueType(Kind kind) noexcept  // NOLINT(google-explicit-constructor)
      : bits_(static_cast<std::uint32_t>(kind)) {}

  [[nodiscard]] static constexpr ValueType reference(HeapType heap, bool nullable) noexcept {
    ValueType type(Kind::Ref);
    type.bits_ |= (nullable ? 1U : 0U) << 3U;
    type.bits_ |= static_cast<std::uint32_t>(heap.kind()) << 4U;
    type.bits_ |= heap.index() << 8U;
    return type;
  }
  /// Inverse of bits().
  [[nodiscard]] static constexpr ValueType from_bits(std::uint32_t bits) noexcept {
    ValueType type;
    type.bits_ = bits;
    return type;
  }

  [[nodiscard]] constexpr std::uint32_t bits() const noexcept { return bits_; }
  [[nodiscard]] constexpr Kind kind() const noexcept { return static_cast<Kind>(bits_ & 7U); }
  [[nodiscard]] constexpr bool is_reference() const noexcept { return kind() == Kind::Ref; }
  [[nodiscard]] constexpr bool is_float() const noexcept {
    return kind() == Kind::F32 || kind() == Kind::F64;
  }
  [[nodiscard]] constexpr bool is_vector() const noexcept { return kind() == Kind::V128; }
  [[nodiscard]] constexpr bool nullable() const noexcept { return (bits_ & 8U) != 0; }
  [[nodiscard]] constexpr HeapType heap() const noexcept {
    const auto kind = static_cast<HeapType::Kind>((bits_ >> 4U) & 15U);
    return kind == HeapType::Kind::Defined ? HeapType::defined(bits_ >> 8U) : HeapType(kind);
  }
  /// False for non-nullable references, whose locals must be set before they are read.
  [[nodiscard]] constexpr bool defaultable() const noexcept {
    return !is_reference() || nullable();
  }
  constexpr bool operator==(const ValueType&) const noexcept = default;

  static const ValueType i32, i64, f32, f64, v128, funcref, externref, exnref, bottom;

 private:
  std::uint32_t bits_ = 0;
};

inline constexpr ValueType ValueType::i32{Kind::I32};
inline constexpr ValueType ValueType::i64{Kind::I64};
inline constexpr ValueType ValueType::f32{Kind::F32};
inline constexpr ValueType ValueType::f64{Kind::F64};
inline constexpr ValueType ValueType::v128{Kind::V128};
inline constexpr ValueType ValueType::bottom{Kind::Bottom};
inline constexpr ValueType ValueType::funcref = reference(HeapType::Kind::Func, true);
inline constexpr ValueType ValueType::externref = reference(HeapType::Kind::Extern, true);
inline constexpr ValueType ValueType::exnref = reference(HeapType::Kind::Exn, true);

/// The text format's name, e.g. "(ref null func)".
[[nodiscard]] std::string to_string(ValueType type);

struct FuncType {
  std::vector<ValueType> params;
  std::vector<ValueType> results;
  bool operator==(const FuncType&) const = default;
};

/// One entry of the type section: a function type, alone or in a recursion group.
struct DefinedType {
  FuncType function;
  bool final = true;
  std::optional<TypeIndex> supertype;
  TypeIndex group_start = 0;  ///< first index of its recursion group
  std::uint32_t group_size = 1;
};

enum class AddressType : std::uint8_t { I32, I64 };

/// Sizes in pages (memories) or elements (tables).
struct Limits {
  std::uint64_t min = 0;
  std::optional<std::uint64_t> max;
  AddressType address = AddressType::I32;
  bool shared = false;
  bool operator==(const Limits&) const = default;
};

inline constexpr std::uint64_t page_size = 65536;

struct MemoryType {
  Limits limits;
};
struct TableType {
  ValueType element;
  Limits limits;
};
struct GlobalType {
  ValueType value;
  bool is_mutable = false;
};
struct TagType {
  TypeIndex type = 0;
};

[[nodiscard]] constexpr ValueType address_value_type(AddressType address) noexcept {
  return address == AddressType::I64 ? ValueType::i64 : ValueType::i32;
}

}  // namespace merlon::wasm
