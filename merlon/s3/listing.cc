#include "merlon/s3/listing.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/s3/xml.h"

namespace merlon::s3 {

using core::ErrorCode;
using core::Result;

Result<Listing> parse_listing(std::string_view text) {
  constexpr std::string_view root = "ListBucketResult";
  Listing listing;
  Listing::Object object;
  bool sized = false;
  bool wrong = true;
  bool goes_on = false;
  TRY(read_xml(text, [&](std::string_view path, const std::string& content) {
    if (path == root) wrong = false;
    if (!path.starts_with(root) || path.size() == root.size()) return;
    path.remove_prefix(root.size() + 1);
    if (path == "Contents/Key") object.key = content;
    if (path == "Contents/Size") {
      const auto size = base::parse_decimal(content);
      sized = size.has_value();
      if (size) object.size = *size;
    }
    if (path == "Contents" && sized && !object.key.empty()) listing.objects.push_back(object);
    if (path == "Contents") {
      object = {};
      sized = false;
    }
    if (path == "CommonPrefixes/Prefix") listing.prefixes.push_back(content);
    if (path == "IsTruncated") goes_on = content == "true";
    if (path == "NextContinuationToken") listing.next = content;
  }));
  if (wrong || (goes_on && listing.next.empty())) {
    return core::error(ErrorCode::Malformed, "an answer that is no listing");
  }
  if (!goes_on) listing.next.clear();
  return listing;
}

std::string parse_refusal(std::string_view text) {
  constexpr std::size_t longest = 64;
  std::string code;
  const auto read = read_xml(text, [&](std::string_view path, const std::string& content) {
    if (path == "Error/Code") code = content;
  });
  const bool shows = read && code.size() <= longest && std::ranges::all_of(code, [](char c) {
                       const char low = base::lower(c);
                       return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9');
                     });
  return shows ? code : "";
}

}  // namespace merlon::s3
