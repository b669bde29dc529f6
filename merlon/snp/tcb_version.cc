#include "merlon/snp/tcb_version.h"

#include <algorithm>

namespace merlon::snp {

std::string_view to_string(Product product) noexcept {
  switch (product) {
    case Product::Milan: return "Milan";
    case Product::Genoa: return "Genoa";
    case Product::Turin: return "Turin";
    case Product::Simulator: return "SIMULATOR";
  }
  return "unknown";
}

std::optional<Product> product_of_name(std::string_view name) noexcept {
  const std::string_view base = name.substr(0, name.find('-'));
  for (const Product product : all_products) {
    if (to_string(product) == base) return product;
  }
  if (name == to_string(Product::Simulator)) return Product::Simulator;
  if (base == "Bergamo" || base == "Siena") return Product::Genoa;
  return std::nullopt;
}

std::optional<Product> product_of_cpuid(std::uint8_t family, std::uint8_t model) noexcept {
  if (family == 0x19 && model <= 0x0F) return Product::Milan;
  if (family == 0x19 && model >= 0x10 && model <= 0x1F) return Product::Genoa;
  if (family == 0x19 && model >= 0xA0 && model <= 0xAF) return Product::Genoa;
  if (family == 0x1A && model <= 0x11) return Product::Turin;
  if (family == 0 && model == 0) return Product::Simulator;
  return std::nullopt;
}

TcbComponents components(const TcbVersion& version, Product product) noexcept {
  const core::ByteView b = version.view();
  switch (product) {
    case Product::Milan:
    case Product::Genoa:
    case Product::Simulator: return {0, b[0], b[1], b[6], b[7]};
    case Product::Turin: return {b[0], b[1], b[2], b[3], b[7]};
  }
  return {};
}

bool has_zero_reserved(const TcbVersion& version, Product product) noexcept {
  const std::size_t first = product == Product::Turin ? 4 : 2;
  const std::size_t last = product == Product::Turin ? 6 : 5;
  const core::ByteView reserved = version.view().subspan(first, last - first + 1);
  return std::ranges::all_of(reserved, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace merlon::snp
