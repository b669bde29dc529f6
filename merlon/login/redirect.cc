#include "merlon/login/redirect.h"

namespace merlon::login {

using core::ErrorCode;

core::Result<std::optional<oidc::Redirection>> parse_redirect(std::string_view head) {
  const core::Error none = core::error(ErrorCode::Malformed, "no request of a browser");
  constexpr std::string_view method = "GET ";
  constexpr std::string_view protocol = " HTTP/1.1";
  if (head.size() > max_redirect_head || !head.starts_with(method)) return none;
  const std::size_t end = head.find("\r\n");
  if (end == std::string_view::npos) return none;
  std::string_view line = head.substr(method.size(), end - method.size());
  if (!line.ends_with(protocol)) return none;
  line.remove_suffix(protocol.size());
  const std::size_t question = line.find('?');
  if (question == std::string_view::npos || line.substr(0, question) != redirect_path) {
    return std::optional<oidc::Redirection>();
  }
  return std::optional(TRY(oidc::parse_redirection(line.substr(question + 1))));
}

bool equal_secrets(std::string_view one, std::string_view other) noexcept {
  if (one.size() != other.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    const auto left = static_cast<unsigned char>(one[i]);
    const auto right = static_cast<unsigned char>(other[i]);
    difference |= unsigned{left} ^ unsigned { right };
  }
  return difference == 0;
}

}  // namespace merlon::login
