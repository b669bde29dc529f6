#pragma once

// Who a tenant is to a broker, and how deposits are called.

#include <string_view>

#include "merlon/core/fixed_bytes.h"
#include "merlon/core/result.h"

namespace merlon::release {

/// SHA-256(SHA-256(issuer) ‖ subject) of the tenant's tokens: a subject means nothing without who
/// says it.
using TenantId = core::FixedBytes<struct ReleaseTenantTag, 32>;
[[nodiscard]] TenantId tenant_of(std::string_view issuer, std::string_view subject) noexcept;

/// Made at random, so that nobody hits upon one; 32 hexadecimal digits in addresses.
using DepositId = core::FixedBytes<struct DepositIdTag, 16>;
/// Malformed.
[[nodiscard]] core::Result<DepositId> parse_deposit_id(std::string_view text);

}  // namespace merlon::release
