#include "merlon/verify/floors.h"

#include <algorithm>
#include <array>

namespace merlon::verify {

namespace {

constexpr Processors All{"", std::nullopt};
constexpr Processors MilanB1{"Milan B1", snp::Cpuid{0x19, 0x01, 1}};
constexpr Processors MilanB2{"Milan-X B2", snp::Cpuid{0x19, 0x01, 2}};
constexpr Processors GenoaB1{"Genoa B1", snp::Cpuid{0x19, 0x11, 1}};
constexpr Processors GenoaB2{"Genoa-X B2", snp::Cpuid{0x19, 0x11, 2}};
constexpr Processors BergamoA2{"Bergamo or Siena A2", snp::Cpuid{0x19, 0xA0, 2}};
constexpr Processors TurinC1{"Turin C1", snp::Cpuid{0x1A, 0x02, 1}};

constexpr auto floors = std::array{
#define MERLON_FLOOR_ROW(bulletin, what, product, processors, component, least) \
  Floor{bulletin,           what,       snp::Product::product,                  \
        processors,         #component, &snp::TcbComponents::component,         \
        std::uint8_t{least}},
#include "merlon/verify/floors.def"
#undef MERLON_FLOOR_ROW
};

}  // namespace

std::span<const Floor> all_floors() noexcept { return floors; }

bool concerns(const Floor& floor, snp::Product product,
              const std::optional<snp::Cpuid>& processor) noexcept {
  if (floor.product != product) return false;
  return !floor.processors.only || !processor || *floor.processors.only == *processor;
}

bool is_design_unknown(snp::Product product, const snp::Cpuid& processor) noexcept {
  bool has_designs = false;
  for (const Floor& each : floors) {
    if (each.product != product || !each.processors.only) continue;
    if (*each.processors.only == processor) return false;
    has_designs = true;
  }
  return has_designs;
}

bool is_known_bulletin(std::string_view name) noexcept {
  return std::ranges::any_of(floors, [&](const Floor& each) { return each.bulletin == name; });
}

}  // namespace merlon::verify
