#pragma once

// Enclave identity [PCS-V4 "Get SGX QE Identity", "Get TDX QE Identity"]: which quoting enclaves
// are genuine. To be believed only after its signature has been checked.

#include "merlon/sgx/tcb_info.h"

namespace merlon::sgx {

enum class EnclaveId : std::uint8_t { Qe, TdQe, Qve, Qae };
[[nodiscard]] std::string_view to_string(EnclaveId id) noexcept;  ///< "TD_QE"

using MiscSelectBytes = core::FixedBytes<struct MiscSelectBytesTag, 4>;  ///< as in the report

struct EnclaveIdentity {
  EnclaveId id = EnclaveId::Qe;
  std::uint32_t version = 0;
  IssuePeriod period;
  std::uint32_t evaluation_number = 0;
  MiscSelectBytes misc_select, misc_select_mask;
  Attributes attributes, attributes_mask;
  MrSigner mr_signer;
  std::uint16_t product_id = 0;
  std::vector<IsvLevel> levels;

  /// `body` is SignedJson::body. Version 2 only.
  [[nodiscard]] static core::Result<EnclaveIdentity> parse(std::string_view body);
  /// The same of SignedJson::value().
  [[nodiscard]] static core::Result<EnclaveIdentity> parse(const codec::JsonValue& root);
};

}  // namespace merlon::sgx
