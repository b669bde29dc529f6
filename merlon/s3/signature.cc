#include "merlon/s3/signature.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/percent.h"
#include "merlon/crypto/hmac.h"

namespace merlon::s3 {

using base::concat;
using http_client::Field;

namespace {

std::string encode_path(std::string_view path) {
  std::string encoded;
  for (const char c : path) encoded += c == '/' ? "/" : codec::encode_percent({&c, 1});
  return encoded;
}

std::string encode_query(const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::string> parts;
  for (const auto& [name, value] : query) {
    parts.push_back(concat(codec::encode_percent(name), "=", codec::encode_percent(value)));
  }
  std::ranges::sort(parts);
  std::string text;
  for (const std::string& each : parts) text += concat(text.empty() ? "" : "&", each);
  return text;
}

/// "20130524T000000Z"
std::string stamp_of(codec::UnixTime now) {
  std::string stamp;
  for (const char c : codec::to_rfc3339(now)) {
    if (c != '-' && c != ':') stamp += c;
  }
  return stamp;
}

/// [SIGV4 "Calculate the signature"]
crypto::Sha256Digest key_of(const crypto::SecretBytes& secret, std::string_view day,
                            std::string_view region) {
  constexpr std::string_view prefix = "AWS4";
  std::vector<std::uint8_t> first(prefix.begin(), prefix.end());
  first.reserve(prefix.size() + secret.reveal().size());
  first.insert(first.end(), secret.reveal().begin(), secret.reveal().end());
  const crypto::SecretBytes start(std::move(first));
  crypto::Sha256Digest key = crypto::hmac_sha256(start.reveal(), core::as_bytes(day));
  for (const std::string_view each :
       {region, std::string_view("s3"), std::string_view("aws4_request")}) {
    key = crypto::hmac_sha256(key.view(), core::as_bytes(each));
  }
  return key;
}

}  // namespace

Signed sign(const Unsigned& request, const Credentials& credentials, const std::string& region,
            codec::UnixTime now) {
  const std::string stamp = stamp_of(now);
  const std::string day = stamp.substr(0, stamp.find('T'));
  Signed made;
  made.fields = request.fields;
  made.fields.push_back({"x-amz-content-sha256", base::hex(request.content.view())});
  made.fields.push_back({"x-amz-date", stamp});
  if (!credentials.session_token.empty()) {
    made.fields.push_back({"x-amz-security-token", credentials.session_token});
  }
  std::vector<Field> all = made.fields;
  all.push_back({"host", request.host});
  for (Field& each : all) std::ranges::transform(each.name, each.name.begin(), base::lower);
  std::ranges::sort(all, {}, &Field::name);
  std::string lines;
  std::string names;
  for (const Field& each : all) {
    lines += concat(each.name, ":", each.value, "\n");
    names += concat(names.empty() ? "" : ";", each.name);
  }
  const std::string path = encode_path(request.path);
  const std::string query = encode_query(request.query);
  const std::string canonical = concat(request.method, "\n", path, "\n", query, "\n", lines, "\n",
                                       names, "\n", base::hex(request.content.view()));
  const std::string scope = concat(day, "/", region, "/s3/aws4_request");
  const std::string to_sign = concat("AWS4-HMAC-SHA256\n", stamp, "\n", scope, "\n",
                                     base::hex(crypto::sha256({core::as_bytes(canonical)}).view()));
  const auto signature =
      crypto::hmac_sha256(key_of(credentials.secret, day, region).view(), core::as_bytes(to_sign));
  made.target = query.empty() ? path : concat(path, "?", query);
  made.authorization =
      concat("AWS4-HMAC-SHA256 Credential=", credentials.id, "/", scope, ", SignedHeaders=", names,
             ", Signature=", base::hex(signature.view()));
  return made;
}

}  // namespace merlon::s3
