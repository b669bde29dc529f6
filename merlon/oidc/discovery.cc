#include "merlon/oidc/discovery.h"

#include "merlon/base/text.h"
#include "merlon/codec/json.h"

namespace merlon::oidc {

using core::ErrorCode;

std::string discovery_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return base::concat(issuer, "/.well-known/openid-configuration");
}

core::Result<std::string> parse_discovery(std::string_view json, std::string_view issuer) {
  const auto document = TRY(codec::JsonDocument::parse(json));
  const std::string_view named = TRY(document.root().string_member("issuer"));
  if (named != issuer) {
    return core::error(ErrorCode::Denied, "the document is another issuer's");
  }
  const std::string_view keys = TRY(document.root().string_member("jwks_uri"));
  constexpr std::size_t longest = 2048;
  if (keys.empty() || keys.size() > longest) {
    return core::error(ErrorCode::Malformed, "no address of keys", keys.size());
  }
  return std::string(keys);
}

}  // namespace merlon::oidc
