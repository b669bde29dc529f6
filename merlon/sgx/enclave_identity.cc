#include "merlon/sgx/enclave_identity.h"

#include "merlon/codec/hex.h"

namespace merlon::sgx {

using codec::JsonValue;
using core::ErrorCode;
using core::Result;

namespace {

template <typename T>
Result<T> hex_member(const JsonValue& object, std::string_view name) {
  return T::from(TRY(codec::decode_hex(TRY(object.string_member(name)))));
}

}  // namespace

std::string_view to_string(EnclaveId id) noexcept {
  switch (id) {
    case EnclaveId::Qe: return "QE";
    case EnclaveId::TdQe: return "TD_QE";
    case EnclaveId::Qve: return "QVE";
    case EnclaveId::Qae: return "QAE";
  }
  return "unknown";
}

Result<EnclaveIdentity> EnclaveIdentity::parse(std::string_view body) {
  const auto document = TRY(codec::JsonDocument::parse(body));
  return parse(document.root());
}

Result<EnclaveIdentity> EnclaveIdentity::parse(const JsonValue& root) {
  EnclaveIdentity made;
  made.version = static_cast<std::uint32_t>(TRY(root.number_member("version", UINT32_MAX)));
  if (made.version != 2) {
    return core::error(ErrorCode::Unsupported, "enclave identity of another version than 2",
                       made.version);
  }
  const std::string_view id = TRY(root.string_member("id"));
  bool known = false;
  for (const EnclaveId each : {EnclaveId::Qe, EnclaveId::TdQe, EnclaveId::Qve, EnclaveId::Qae}) {
    if (to_string(each) != id) continue;
    made.id = each;
    known = true;
  }
  if (!known) return core::error(ErrorCode::Unsupported, "identity of an unknown kind of enclave");
  made.period = TRY(parse_period(root));
  made.evaluation_number =
      static_cast<std::uint32_t>(TRY(root.number_member("tcbEvaluationDataNumber", UINT32_MAX)));
  made.misc_select = TRY(hex_member<MiscSelectBytes>(root, "miscselect"));
  made.misc_select_mask = TRY(hex_member<MiscSelectBytes>(root, "miscselectMask"));
  made.attributes = TRY(hex_member<Attributes>(root, "attributes"));
  made.attributes_mask = TRY(hex_member<Attributes>(root, "attributesMask"));
  made.mr_signer = TRY(hex_member<MrSigner>(root, "mrsigner"));
  made.product_id = static_cast<std::uint16_t>(TRY(root.number_member("isvprodid", 65'535)));
  made.levels = TRY(parse_isv_levels(root));
  return made;
}

}  // namespace merlon::sgx
