#pragma once

// A document of Intel's PCS: `{"<member>":{…},"signature":"<128 hexadecimal digits>"}`. What is
// signed are the bytes of the object exactly as they came [PCS-V4 "Get SGX TCB Info"].

#include <string>
#include <string_view>

#include "merlon/codec/json.h"
#include "merlon/core/fixed_bytes.h"

namespace merlon::sgx {

using JsonSignature = core::FixedBytes<struct JsonSignatureTag, 64>;  ///< r ‖ s on P-256

struct SignedJson {
  std::string body;  ///< the object, brackets included
  JsonSignature signature;
  std::string member;            ///< "tcbInfo" or "enclaveIdentity"
  codec::JsonDocument document;  ///< `body` and signature, taken apart

  /// `body`, taken apart; only while there is a `document`.
  [[nodiscard]] const codec::JsonValue& value() const noexcept {
    return document.root().items()[0];
  }

  /// Malformed unless the document has just one of these members and a signature, in this order,
  /// and nothing but line ends behind.
  [[nodiscard]] static core::Result<SignedJson> parse(std::string_view text);

  /// The document again, as the PCS gives it.
  [[nodiscard]] std::string text() const;
};

}  // namespace merlon::sgx
