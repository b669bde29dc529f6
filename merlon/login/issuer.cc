#include "merlon/login/issuer.h"

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/percent.h"
#include "merlon/oidc/discovery.h"

namespace merlon::login {

using base::concat;
using http_client::Answer;

namespace {

constexpr unsigned ok = 200;

Result<https_client::HttpsClient> client_of(const std::string& url, const Reach& reach,
                                            std::string& path) {
  auto client = TRY(https_client::HttpsClient::create(url, reach.files, path));
  client.set_proxies(reach.proxies);
  client.set_patience(std::chrono::seconds(60));
  return client;
}

Result<Answer> get(const std::string& url, const std::string& authorization, const Reach& reach) {
  std::string path;
  const auto client = TRY(client_of(url, reach, path));
  https_client::Asking asking{"GET", path, {}, authorization};
  asking.largest_answer = oidc::max_login_answer;
  auto answer = TRY(client.ask(asking));
  if (answer.status == ok) return answer;
  return concat(base::printable(url), ": HTTP status ", answer.status);
}

bool refuses_the_client(const Answer& answer) {
  if (answer.status == ok) return false;
  const auto refusal = oidc::parse_login_refusal(core::as_text(answer.body));
  return refusal && *refusal == "invalid_client";
}

}  // namespace

std::string to_text(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (value.empty()) continue;
    text += concat(text.empty() ? "" : "&", name, "=", codec::encode_percent(value));
  }
  return text;
}

Post post_by(const Reach& reach) {
  return [reach](const std::string& url, const Form& form,
                 const std::string& authorization) -> Result<Answer> {
    std::string path;
    const auto client = TRY(client_of(url, reach, path));
    const std::string text = to_text(form);
    https_client::Asking asking{"POST", path, "application/x-www-form-urlencoded", authorization};
    asking.body = core::as_bytes(std::string_view(text));
    asking.largest_answer = oidc::max_login_answer;
    return client.ask(asking);
  };
}

Result<oidc::Endpoints> discover(const std::string& issuer, const Reach& reach) {
  const std::string url = oidc::discovery_url(issuer);
  const auto answer = TRY(get(url, {}, reach));
  auto endpoints = oidc::parse_endpoints(core::as_text(answer.body), issuer);
  if (!endpoints) return concat(base::printable(url), ": ", endpoints.error().message());
  return *std::move(endpoints);
}

Result<std::string> subject_of(const std::string& userinfo, const std::string& authorization,
                               const Reach& reach) {
  const auto answer = TRY(get(userinfo, authorization, reach));
  auto subject = oidc::parse_subject(core::as_text(answer.body));
  if (!subject) {
    return failure(concat(base::printable(userinfo), ": ", subject.error().message()));
  }
  return *std::move(subject);
}

Result<oidc::TokenAnswer> ask_for_tokens(const Post& post, const std::string& endpoint,
                                         const Wishes& wishes, Form grant) {
  grant.emplace_back("client_id", wishes.client_id);
  const bool is_public = wishes.client_secret.empty();
  Form with_secret = grant;
  with_secret.emplace_back("client_secret", wishes.client_secret);
  auto answer = TRY(post(endpoint, with_secret, {}));
  if (!is_public && refuses_the_client(answer)) {
    const std::string pair = concat(codec::encode_percent(wishes.client_id), ":",
                                    codec::encode_percent(wishes.client_secret));
    answer =
        TRY(post(endpoint, grant,
                 concat("Basic ", codec::encode_base64(core::as_bytes(std::string_view(pair))))));
  }
  if (answer.status == ok) {
    auto tokens = oidc::parse_token_answer(core::as_text(answer.body));
    if (!tokens) return concat(base::printable(endpoint), ": ", tokens.error().message());
    return *std::move(tokens);
  }
  const auto refusal = oidc::parse_login_refusal(core::as_text(answer.body));
  if (!refusal) return concat(base::printable(endpoint), ": HTTP status ", answer.status);
  return base::printable(*refusal);
}

Result<oidc::TokenAnswer> refresh(const Post& post, const std::string& endpoint,
                                  const Wishes& wishes, const std::string& token) {
  return ask_for_tokens(post, endpoint, wishes,
                        {{"grant_type", "refresh_token"}, {"refresh_token", token}});
}

Result<oidc::TokenAnswer> log_in_as_client(const Post& post, const oidc::Endpoints& endpoints,
                                           const Wishes& wishes) {
  if (wishes.client_secret.empty()) {
    return std::string("flow client: ENARX_OIDC_CLIENT_SECRET must hold the client's secret");
  }
  auto tokens = ask_for_tokens(post, endpoints.token, wishes,
                               {{"grant_type", "client_credentials"},
                                {"audience", wishes.audience},
                                {"resource", wishes.audience},
                                {"scope", wishes.scope}});
  if (!tokens) return concat("the issuer gives no token: ", tokens.error());
  return *std::move(tokens);
}

}  // namespace merlon::login
