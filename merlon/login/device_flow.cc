#include "merlon/base/text.h"
#include "merlon/login/issuer.h"

namespace merlon::login {

using base::concat;

namespace {

constexpr unsigned ok = 200;

Result<oidc::DeviceAnswer> begin(const Post& post, const std::string& endpoint,
                                 const Wishes& wishes) {
  const auto answer = TRY(post(endpoint,
                               {{"client_id", wishes.client_id},
                                {"client_secret", wishes.client_secret},
                                {"scope", wishes.scope},
                                {"audience", wishes.audience},
                                {"resource", wishes.audience}},
                               {}));
  const std::string_view text = core::as_text(answer.body);
  if (answer.status != ok) {
    const auto refusal = oidc::parse_login_refusal(text);
    return concat("the issuer begins no login on a device: ",
                  refusal ? base::printable(*refusal) : concat("HTTP status ", answer.status));
  }
  auto device = oidc::parse_device_answer(text);
  if (!device) return concat(base::printable(endpoint), ": ", device.error().message());
  return *std::move(device);
}

}  // namespace

Result<oidc::TokenAnswer> log_in_on_device(const Post& post, const oidc::Endpoints& endpoints,
                                           const Wishes& wishes, const Say& say,
                                           const std::function<void(std::uint64_t seconds)>& wait) {
  if (endpoints.device.empty()) {
    return std::string("the issuer has no logins on devices; --oidc-flow browser is another way");
  }
  const auto device = TRY(begin(post, endpoints.device, wishes));
  say(concat("Open ", device.verification_uri, " and type ", device.user_code));
  if (!device.complete_uri.empty()) say(concat("or open ", device.complete_uri));
  std::uint64_t interval = device.interval;
  for (std::uint64_t waited = 0; waited + interval <= device.expires_in;) {
    wait(interval);
    waited += interval;
    auto tokens = ask_for_tokens(post, endpoints.token, wishes,
                                 {{"grant_type", "urn:ietf:params:oauth:grant-type:device_code"},
                                  {"device_code", device.device_code},
                                  {"resource", wishes.audience}});
    if (tokens) return tokens;
    constexpr std::uint64_t slower = 5;  // [RFC8628 §3.5]
    if (tokens.error() == "slow_down") {
      interval += slower;
    } else if (tokens.error() == "access_denied") {
      return std::string("the login was denied");
    } else if (tokens.error() == "expired_token") {
      break;
    } else if (tokens.error() != "authorization_pending") {
      return concat("the issuer gives no token: ", tokens.error());
    }
  }
  return std::string("the code is not valid any more: nobody typed it in time");
}

}  // namespace merlon::login
