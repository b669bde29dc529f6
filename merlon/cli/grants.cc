#include "merlon/cli/grants.h"

namespace merlon::cli {

core::Result<host::DirectoryGrant> parse_directory_grant(std::string_view text) {
  constexpr std::string_view read_only = ":ro";
  host::DirectoryGrant grant;
  if (text.ends_with(read_only) && !text.ends_with("::ro")) {
    grant.read_only = true;
    text.remove_suffix(read_only.size());
  }
  const std::size_t separator = text.find("::");
  grant.host = text.substr(0, separator);
  grant.guest = separator == std::string_view::npos ? text : text.substr(separator + 2);
  if (grant.host.empty() || grant.guest.empty()) {
    return core::error(core::ErrorCode::Malformed, "wants HOST[::GUEST][:ro]");
  }
  return grant;
}

}  // namespace merlon::cli
