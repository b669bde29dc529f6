// What an S3 answers, and a file of credentials: nothing that is read acts on a terminal or is no
// name.

#include <cstdlib>

#include "merlon/s3/credentials.h"
#include "merlon/s3/listing.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const std::string_view text = core::as_text(core::ByteView(data, size));
  if (const auto listing = s3::parse_listing(text)) {
    if (listing->objects.size() > size || listing->prefixes.size() > size) std::abort();
    for (const auto& each : listing->objects) {
      if (each.key.empty()) std::abort();
    }
  }
  for (const char c : s3::parse_refusal(text)) {
    if (c < '0' || c > 'z') std::abort();
  }
  if (const auto credentials = s3::parse_credentials(text)) {
    if (credentials->id.find_first_of("\r\n ,/") != std::string::npos) std::abort();
  }
  return 0;
}
