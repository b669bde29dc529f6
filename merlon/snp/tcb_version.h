#pragma once

// TCB_VERSION [SNP-ABI 1.58 TCB_VERSION]: security patch levels of the parts of a processor's
// firmware.

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "merlon/core/fixed_bytes.h"

namespace merlon::snp {

/// Generations of processors: each has its own root key, and Turin its own TCB layout. Simulator is
/// no processor: whatever it signs says so by this product, and no root of a vendor stands for it.
enum class Product : std::uint8_t { Milan, Genoa, Turin, Simulator };
/// Those that AMD makes.
inline constexpr auto all_products = std::array{Product::Milan, Product::Genoa, Product::Turin};
[[nodiscard]] std::string_view to_string(Product product) noexcept;

/// The product named "Milan" or, with a stepping, "Milan-B0". Bergamo and Siena are Genoa's kin and
/// have its keys. "SIMULATOR" is the simulator's.
[[nodiscard]] std::optional<Product> product_of_name(std::string_view name) noexcept;
/// From CPUID family (extended and base added up) and model; 0 and 0, which no processor has, are
/// the simulator's.
[[nodiscard]] std::optional<Product> product_of_cpuid(std::uint8_t family,
                                                      std::uint8_t model) noexcept;

using TcbVersion = core::FixedBytes<struct TcbVersionTag, 8>;  ///< as it stands in the report

struct TcbComponents {
  std::uint8_t fmc = 0;  ///< Turin only
  std::uint8_t bootloader = 0;
  std::uint8_t tee = 0;
  std::uint8_t snp = 0;
  std::uint8_t microcode = 0;

  friend bool operator==(const TcbComponents&, const TcbComponents&) = default;
  /// Every component at least that of `floor`.
  [[nodiscard]] bool at_least(const TcbComponents& floor) const noexcept {
    return fmc >= floor.fmc && bootloader >= floor.bootloader && tee >= floor.tee &&
           snp >= floor.snp && microcode >= floor.microcode;
  }
};

[[nodiscard]] TcbComponents components(const TcbVersion& version, Product product) noexcept;
/// Whether the bytes that the product's layout leaves out are zero.
[[nodiscard]] bool has_zero_reserved(const TcbVersion& version, Product product) noexcept;

}  // namespace merlon::snp
