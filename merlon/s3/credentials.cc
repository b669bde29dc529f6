#include "merlon/s3/credentials.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::s3 {

using base::concat;

namespace {

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t\r";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool is_word(std::string_view text) noexcept {
  constexpr std::size_t longest = 4096;
  return text.size() <= longest &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

core::Result<Credentials, std::string> make_credentials(std::string_view id,
                                                        std::string_view secret,
                                                        std::string_view session) {
  if (id.empty() || secret.empty()) return std::string("an access key and its secret are needed");
  if (!is_word(id) || !is_word(secret) || !is_word(session) ||
      id.find_first_of(",/") != std::string_view::npos) {
    return std::string("an access key or its secret has characters that none has");
  }
  Credentials made;
  made.id = id;
  made.secret = crypto::SecretBytes(std::vector<std::uint8_t>(secret.begin(), secret.end()));
  made.session_token = session;
  return made;
}

core::Result<Credentials, std::string> parse_credentials(std::string_view text) {
  std::string_view id;
  std::string_view secret;
  std::string_view session;
  bool counts = true;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      counts = line == "[default]";
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return concat("line ", number, " has no \"=\"");
    const std::string_view name = trimmed(line.substr(0, equals));
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (!counts) continue;
    if (name == "aws_access_key_id") id = value;
    if (name == "aws_secret_access_key") secret = value;
    if (name == "aws_session_token") session = value;
  }
  return make_credentials(id, secret, session);
}

}  // namespace merlon::s3
