#pragma once

// A processor by the numbers for which AMD has a VCEK of it: in words, as a command line carries
// them, and as the name of the file that Enarx keeps such a certificate in
// [ENARX src/cli/platform/snp].

#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/snp/endorsement.h"

namespace merlon::snp {

/// "BOOTLOADER.TEE.SNP.MICROCODE", of Turin with "FMC." before. Malformed for anything but numbers
/// of 0 to 255.
[[nodiscard]] core::Result<TcbComponents> parse_levels(std::string_view text, Product product);

struct Chip {
  Product product = Product::Milan;
  ChipId id;
  TcbComponents tcb;

  /// "Milan", 128 hexadecimal digits (of Turin 16 do), levels. Malformed for anything else, and for
  /// a product that AMD does not make.
  [[nodiscard]] static core::Result<Chip> parse(std::string_view product, std::string_view id,
                                                std::string_view levels);

  /// As AMD's service knows it: lower case, 16 digits of Turin.
  [[nodiscard]] std::string id_digits() const;
  [[nodiscard]] std::string levels() const;
  /// vcek-ID-BL-TEE-SNP-MICROCODE, of Turin with FMC before BL: two digits each or more.
  [[nodiscard]] std::string file() const;
  /// Whether a certificate with these extensions is this chip's, at these versions.
  [[nodiscard]] bool is_of(const EndorsementExtensions& extensions) const;
};

}  // namespace merlon::snp
