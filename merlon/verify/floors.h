#pragma once

// The versions of AMD's firmware below which a report is worth nothing to us, each with the
// bulletin of AMD's that says so (floors.def). AMD, unlike Intel, publishes no signed statement of
// what is up to date: this table is what stands in its place, and it ages.

#include <optional>
#include <span>
#include <string_view>

#include "merlon/codec/time.h"
#include "merlon/snp/report.h"
#include "merlon/snp/tcb_version.h"

namespace merlon::verify {

/// Which processors a floor is of: family, model and stepping as a report tells them.
struct Processors {
  std::string_view name;           ///< "Milan B1"
  std::optional<snp::Cpuid> only;  ///< nothing: all of the product
};

struct Floor {
  std::string_view bulletin;  ///< "AMD-SB-3019"
  std::string_view what;      ///< what was mended, with its CVE number
  snp::Product product;
  Processors processors;
  std::string_view component;  ///< "microcode"
  std::uint8_t snp::TcbComponents::* member;
  std::uint8_t least;
};

/// The rows of floors.def.
[[nodiscard]] std::span<const Floor> all_floors() noexcept;

/// Whether the floor is asked of a processor. A report of version 2 tells none: then every floor of
/// the product is, since firmware that has these floors makes newer reports.
[[nodiscard]] bool concerns(const Floor& floor, snp::Product product,
                            const std::optional<snp::Cpuid>& processor) noexcept;

/// Whether the product has floors of single designs and none is of this processor's: its microcode
/// is counted in a way that is not known here, so no floor of it is asked.
[[nodiscard]] bool is_design_unknown(snp::Product product, const snp::Cpuid& processor) noexcept;

/// Whether some row is of that bulletin.
[[nodiscard]] bool is_known_bulletin(std::string_view name) noexcept;

/// When AMD's bulletins were read for the table.
inline constexpr codec::UnixTime floors_read{1'795'824'000};  // 2026-11-28
/// After this long whoever relies on the table is told how old it is.
inline constexpr std::int64_t floors_age_in_seconds = 180 * codec::seconds_per_day;

}  // namespace merlon::verify
