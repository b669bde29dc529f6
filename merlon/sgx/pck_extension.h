#pragma once

// The SGX extension of a PCK certificate [PCK-PROFILE "SGX Extensions"]. DER; trusted as far
// as the certificate.

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "merlon/codec/oid.h"
#include "merlon/sgx/report_body.h"

namespace merlon::sgx {

inline constexpr codec::Oid pck_extension_oid{1, 2, 840, 113741, 1, 13, 1};

using Ppid = core::FixedBytes<struct PpidTag, 16>;
using PceId = core::FixedBytes<struct PceIdTag, 2>;
using Fmspc = core::FixedBytes<struct FmspcTag, 6>;
/// "SIMSGX" as the kind of a platform: no processor's, and nothing it says proves anything.
[[nodiscard]] bool is_simulator(const Fmspc& fmspc) noexcept;
[[nodiscard]] Fmspc simulator_fmspc() noexcept;
using PlatformInstanceId = core::FixedBytes<struct PlatformInstanceIdTag, 16>;
using SvnComponents = std::array<std::uint8_t, 16>;

struct PckExtension {
  Ppid ppid;
  SvnComponents components{};  ///< security version of each of the 16 parts of the TCB
  std::uint16_t pce_svn = 0;
  CpuSvn cpu_svn;
  PceId pce_id;
  Fmspc fmspc;
  std::uint8_t sgx_type = 0;  ///< 0 standard, 1 scalable, 2 scalable with integrity
  std::optional<PlatformInstanceId> platform_instance;
  std::optional<bool> dynamic_platform, cached_keys, smt_enabled;

  /// `value` is the extension's content. Malformed if a part is missing, doubled or too large;
  /// parts that are not known are passed over.
  [[nodiscard]] static core::Result<PckExtension> parse(core::ByteView value);
  /// DER of the first five parts, which every PCK certificate has; for whoever issues one.
  [[nodiscard]] std::vector<std::uint8_t> to_der() const;
};

}  // namespace merlon::sgx
