#include "merlon/drawbridge/access.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/crypto/random.h"

namespace merlon::drawbridge {

using base::concat;
using registry_store::RepositoryToken;

namespace {

constexpr std::string_view scheme = "bearer ";
constexpr std::string_view token_prefix = "mdt_";

std::string_view name_of(Level level) noexcept { return level == Level::Read ? "read" : "write"; }

std::string_view name_of(Context context) noexcept {
  switch (context) {
    case Context::Users: return "drawbridge_users";
    case Context::Repositories: return "drawbridge_repositories";
    case Context::Tags: return "drawbridge_tags";
  }
  return "";
}

/// Empty if there is no bearer token.
std::string token_of(const http::Request& request) {
  // Two such headers would be one text that is no token.
  const std::string authorization = request.joined("authorization");
  if (!base::equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return "";
  return authorization.substr(scheme.size());
}

}  // namespace

NewToken new_repository_token() {
  std::array<std::uint8_t, 32> bytes{};
  MERLON_CHECK(crypto::fill_random(bytes));
  std::string text = concat(token_prefix, codec::encode_base64url(bytes));
  const auto hash = crypto::sha256({core::as_bytes(text)});
  return {std::move(text), hash};
}

std::optional<oidc::Claims> Access::known(const http::Request& request) const {
  const std::string token = token_of(request);
  if (token.empty() || issuers_ == nullptr) return std::nullopt;
  auto claims = issuers_->judge(token);
  if (!claims) return std::nullopt;
  return *std::move(claims);
}

Result<oidc::Claims> Access::bearer(const http::Request& request, Level level,
                                    Context context) const {
  const std::string token = token_of(request);
  if (token.empty()) return refuse(401, "Bearer token header missing");
  if (issuers_ == nullptr) return refuse(401, "Invalid token provided");
  auto claims = issuers_->judge(token);
  if (!claims && claims.error() == oidc::TokenRefusal::Keys) {
    return refuse(503, oidc::describe(claims.error()));
  }
  if (!claims) return refuse(401, "Invalid token provided");
  const std::string own = concat(name_of(level), ":", name_of(context));
  const std::string all = concat("manage:", name_of(context));
  if (!claims->has_scope(own) && !claims->has_scope(all)) {
    return refuse(401, concat("Token is missing a scope for level ", name_of(level), ", context ",
                              name_of(context)));
  }
  return *std::move(claims);
}

Result<void> Access::user(const http::Request& request, const std::string& user, Level level,
                          Context context) const {
  const oidc::Claims claims = TRY(bearer(request, level, context));
  const auto found = catalogue_.user(user);
  if (!found) return refuse(found.error());
  if (!*found) return refuse(401, concat("User `", user, "` not found"));
  // A subject means nothing without who says it.
  if ((*found)->subject == claims.subject && (*found)->issuer == claims.issuer) return {};
  return refuse(401, concat("You are logged in as `", base::printable(claims.subject),
                            "`, and not authorized for user `", user, "`"));
}

std::optional<RepositoryToken> Access::repository_token(const http::Request& request) const {
  const std::string token = token_of(request);
  if (!token.starts_with(token_prefix)) return std::nullopt;
  const auto found = catalogue_.find_token(crypto::sha256({core::as_bytes(token)}));
  if (!found || !*found || (*found)->expires <= now_()) return std::nullopt;
  return **found;
}

Result<void> Access::writer(const http::Request& request, const Target& target) const {
  if (const auto token = repository_token(request)) {
    if (token->may_write && token->repository == target.full_name()) return {};
    return refuse(401, "Invalid token provided");
  }
  return user(request, target.user, Level::Write, Context::Tags);
}

Result<void> Access::reader(const http::Request& request,
                            const registry_store::Repository& repository) const {
  if (repository.is_public) return {};
  if (!request.client_certificate.empty() && !repository.admission.empty()) {
    const auto rule = Admission::parse(repository.admission);
    const auto keep = keep_of(request.client_certificate, now_());
    if (rule && keep && rule->admits(*keep)) return {};
  }
  if (const auto token = repository_token(request)) {
    if (token->may_read && token->repository == repository.name) return {};
    return refuse(401, "Invalid token provided");
  }
  const std::string owner = repository.name.substr(0, repository.name.find('/'));
  return user(request, owner, Level::Read, Context::Repositories);
}

}  // namespace merlon::drawbridge
