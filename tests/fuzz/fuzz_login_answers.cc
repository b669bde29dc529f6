// What issuers answer, and what comes back by a browser: read or refused, and bounded.

#include <cstdlib>

#include "merlon/login/logins.h"
#include "merlon/login/redirect.h"

using namespace merlon;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = core::as_text({data, size});
  static_cast<void>(oidc::parse_endpoints(text, "https://i.example"));
  const auto tokens = oidc::parse_token_answer(text);
  if (tokens && tokens->access_token.empty()) std::abort();
  const auto device = oidc::parse_device_answer(text);
  if (device && (device->interval == 0 || device->expires_in > 3600)) std::abort();
  static_cast<void>(oidc::parse_login_refusal(text));
  static_cast<void>(oidc::parse_subject(text));
  static_cast<void>(oidc::subject_claimed_by(text));
  const auto redirect = login::parse_redirect(text);
  if (redirect && *redirect && (*redirect)->code.empty() == (*redirect)->error.empty())
    std::abort();
  if (const auto login = login::parse_login(text)) {
    const auto again = login::parse_login(login::to_json(*login));
    if (!again || *again != *login) std::abort();
  }
  return 0;
}
