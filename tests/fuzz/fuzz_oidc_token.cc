// Bearer tokens: whatever comes in is refused or taken apart, and none counts that nobody signed.

#include <cstdlib>

#include "merlon/oidc/token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon::oidc;
  const auto token = Token::parse(merlon::core::as_text({data, size}));
  if (!token) return 0;
  // [RFC7515 §A.3]
  static const KeySet keys = KeySet::parse(R"({"keys":[{"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})")
                                 .value();
  const Expectation expected{token->claimed_issuer(), {"merlon"}};
  if (token->judge(keys, expected, {1'300'000'000})) std::abort();
  return 0;
}
