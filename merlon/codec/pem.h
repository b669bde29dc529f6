#pragma once

// Textual encodings of certificates, CRLs and requests [RFC7468].

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::codec {

struct PemBlock {
  std::string label;  ///< "CERTIFICATE"
  std::vector<std::uint8_t> bytes;
};

/// What may stand around blocks: any text, as the standard allows, or nothing but line ends between
/// them and zero bytes behind the last.
enum class PemRule : std::uint8_t { AnyText, OnlyBlocks };

/// All blocks of `text`, in their order. A block that is opened must be closed under the same
/// label. Exhausted beyond 64 blocks.
[[nodiscard]] core::Result<std::vector<PemBlock>> pem_blocks(std::string_view text,
                                                             PemRule rule = PemRule::AnyText);

/// Those of `text` that are labelled "CERTIFICATE", in their order; not looked into. NotFound if
/// there is none; else as above.
[[nodiscard]] core::Result<std::vector<std::vector<std::uint8_t>>> pem_certificates(
    std::string_view text);

/// `bytes` as one block with lines of 64 characters.
[[nodiscard]] std::string to_pem(std::string_view label, core::ByteView bytes);

}  // namespace merlon::codec
