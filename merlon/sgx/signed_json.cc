#include "merlon/sgx/signed_json.h"

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::sgx {

using core::ErrorCode;

core::Result<SignedJson> SignedJson::parse(std::string_view text) {
  codec::JsonValue root = TRY(codec::JsonValue::parse(text));
  const std::vector<std::string> names = root.names();
  const bool shaped = names.size() == 2 && names[1] == "signature" &&
                      (names[0] == "tcbInfo" || names[0] == "enclaveIdentity");
  if (!shaped) {
    return core::error(ErrorCode::Malformed, "no signed TCB info or enclave identity");
  }
  const std::string digits = TRY(root.string_member("signature"));
  // Intel writes lower case; another spelling of the same signature would be another document.
  if (digits.find_first_of("ABCDEF") != std::string::npos) {
    return core::error(ErrorCode::Malformed, "a signature in upper-case digits");
  }
  SignedJson made;
  made.member = names[0];
  made.signature = TRY(JsonSignature::from(TRY(codec::decode_hex(digits))));
  made.value = TRY(root.take_object(names[0]));
  made.body = text.substr(made.value.begin(), made.value.end() - made.value.begin());
  return made;
}

std::string SignedJson::text() const {
  return base::concat("{\"", member, "\":", body, ",\"signature\":\"", base::hex(signature.view()),
                      "\"}");
}

}  // namespace merlon::sgx
