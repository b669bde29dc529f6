#pragma once

// The proof that a module follows the rules of [WASM 3.0 §3].

#include "merlon/core/result.h"
#include "merlon/wasm/binary/module.h"
#include "merlon/wasm/binary/opcode.h"
#include "merlon/wasm/validate/type_registry.h"

namespace merlon::wasm {

/// The proposals a module makes use of.
class FeatureSet {
 public:
  constexpr void add(Feature feature) noexcept { bits_ |= bit(feature); }
  constexpr void add(FeatureSet other) noexcept { bits_ |= other.bits_; }
  [[nodiscard]] constexpr bool contains(Feature feature) const noexcept {
    return (bits_ & bit(feature)) != 0;
  }

 private:
  static constexpr std::uint32_t bit(Feature feature) noexcept {
    return 1U << static_cast<unsigned>(feature);
  }
  std::uint32_t bits_ = 0;
};

/// A module that has been validated; only validate() makes one. In it every reference to a
/// defined type names the first of the equal ones, so that equal types have equal bits.
class ValidModule {
 public:
  [[nodiscard]] const Module& operator*() const noexcept { return module_; }
  [[nodiscard]] const Module* operator->() const noexcept { return &module_; }
  [[nodiscard]] FeatureSet features() const noexcept { return features_; }
  /// The first type equal to `index`.
  [[nodiscard]] TypeIndex representative(TypeIndex index) const noexcept {
    return representatives_[index];
  }

 private:
  friend core::Result<ValidModule> validate(Module&& module);
  ValidModule() = default;

  Module module_;
  std::vector<TypeIndex> representatives_;
  FeatureSet features_;
};

/// Validates all of `module`, function bodies included.
///
/// Time is linear in the size of the module and of the locals it declares, memory bounded by the
/// largest function; nothing recurses.
/// Errors: Malformed with `detail` = offset in the file · Exhausted · Unsupported.
[[nodiscard]] core::Result<ValidModule> validate(Module&& module);

}  // namespace merlon::wasm
