#pragma once

// The vendors' root keys, pinned. See roots/README.md for where they come from.

#include <span>
#include <vector>

#include "merlon/snp/tcb_version.h"
#include "merlon/verify/policy.h"
#include "merlon/x509/path.h"

namespace merlon::verify {

/// Whether a path ends in a vendor's own root, and not in one that only a policy trusts. Says
/// nothing about its signatures.
[[nodiscard]] bool is_vendors(const x509::Path& path) noexcept;

/// Every root that is trusted, of all vendors and of the policy.
[[nodiscard]] std::vector<x509::AnchorId> all_anchors(const Policy& policy);

/// Intel's SGX root, and those of the policy.
[[nodiscard]] std::vector<x509::AnchorId> intel_anchors(const Policy& policy);

/// The root of one of AMD's products.
[[nodiscard]] std::optional<x509::AnchorId> vendor_anchor(snp::Product product) noexcept;

/// The roots of all of AMD's products, and those of the policy.
[[nodiscard]] std::vector<x509::AnchorId> amd_anchors(const Policy& policy);

/// The root of one of AMD's products, and those of the policy.
[[nodiscard]] std::vector<x509::AnchorId> amd_anchors(std::optional<snp::Product> product,
                                                      const Policy& policy);

}  // namespace merlon::verify
