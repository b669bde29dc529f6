#include "merlon/sgx/signed_json.h"

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::sgx {

using core::ErrorCode;

core::Result<SignedJson> SignedJson::parse(std::string_view text) {
  SignedJson made;
  made.document = TRY(codec::JsonDocument::parse(text));
  const codec::JsonValue& root = made.document.root();
  const auto names = root.names();
  const bool shaped = names.size() == 2 && names[1] == "signature" &&
                      (names[0] == "tcbInfo" || names[0] == "enclaveIdentity");
  if (!shaped) {
    return core::error(ErrorCode::Malformed, "no signed TCB info or enclave identity");
  }
  const std::string_view digits = TRY(root.string_member("signature"));
  // Intel writes lower case; another spelling of the same signature would be another document.
  if (digits.find_first_of("ABCDEF") != std::string_view::npos) {
    return core::error(ErrorCode::Malformed, "a signature in upper-case digits");
  }
  made.member = names[0];
  made.signature = TRY(JsonSignature::from(TRY(codec::decode_hex(digits))));
  const codec::JsonValue& value = *TRY(root.member(names[0], codec::JsonKind::Object));
  made.body = text.substr(value.begin(), value.end() - value.begin());
  return made;
}

std::string SignedJson::text() const {
  return base::concat("{\"", member, "\":", body, ",\"signature\":\"", base::hex(signature.view()),
                      "\"}");
}

}  // namespace merlon::sgx
