#pragma once

// What Intel says of a set of security versions [PCS-V4 "Get SGX TCB Info", tcbStatus].

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace merlon::sgx {

enum class TcbStatus : std::uint8_t {
  UpToDate,
  SWHardeningNeeded,
  ConfigurationNeeded,
  ConfigurationAndSWHardeningNeeded,
  OutOfDate,
  OutOfDateConfigurationNeeded,
  Revoked,
};

inline constexpr auto all_tcb_statuses = std::array{
    TcbStatus::UpToDate,
    TcbStatus::SWHardeningNeeded,
    TcbStatus::ConfigurationNeeded,
    TcbStatus::ConfigurationAndSWHardeningNeeded,
    TcbStatus::OutOfDate,
    TcbStatus::OutOfDateConfigurationNeeded,
    TcbStatus::Revoked,
};

/// Spelt as Intel spells it.
[[nodiscard]] std::string_view to_string(TcbStatus status) noexcept;
[[nodiscard]] std::optional<TcbStatus> tcb_status(std::string_view name) noexcept;

/// The one status of a platform and of a part it relies on (its quoting enclave or TDX module):
/// Revoked wins; an outdated part makes the platform outdated.
[[nodiscard]] TcbStatus converge(TcbStatus platform, TcbStatus part) noexcept;

}  // namespace merlon::sgx
