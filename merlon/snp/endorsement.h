#pragma once

// The extensions of VCEK and VLEK certificates [SNP-KDS "VCEK and VLEK certificate extensions"].
// Trusted as far as the certificate.

#include <span>
#include <string>
#include <vector>

#include "merlon/codec/oid.h"
#include "merlon/snp/report.h"

namespace merlon::snp {

/// One extension of a certificate, borrowed.
struct ExtensionView {
  core::ByteView oid;
  core::ByteView value;
};

struct EndorsementExtensions {
  std::uint64_t struct_version = 0;
  std::string product_name;  ///< "Milan-B0", "Milan", "Turin"; harmless for a terminal
  std::optional<Product> product;
  TcbComponents tcb;
  std::optional<std::vector<std::uint8_t>> hwid;  ///< VCEK only: 64 bytes, Turin 8
  std::optional<std::string> csp_id;              ///< VLEK only

  /// Patch levels and HWID may stand bare or in an OCTET STRING. NotFound if a patch level or the
  /// product name is missing; Malformed.
  [[nodiscard]] static core::Result<EndorsementExtensions> parse(
      std::span<const ExtensionView> all);
};

/// Whether the certificate is an endorsement at all: it names a product.
[[nodiscard]] bool is_endorsement(std::span<const ExtensionView> extensions) noexcept;

}  // namespace merlon::snp
