#include "merlon/tls/web_roots.h"

#include <string_view>

#include "merlon/codec/pem.h"

extern "C" {
extern const char merlon_web_roots[];      // NOLINT(modernize-avoid-c-arrays): the linker's names
extern const char merlon_web_roots_end[];  // NOLINT(modernize-avoid-c-arrays)
}

namespace merlon::tls {

std::vector<Certificate> web_roots() {
  constexpr std::string_view end = "-----END CERTIFICATE-----";
  std::string_view text(merlon_web_roots,
                        static_cast<std::size_t>(merlon_web_roots_end - merlon_web_roots));
  std::vector<Certificate> roots;
  // One by one: a list of so many blocks is more than the reader of PEM takes from anybody else.
  for (std::size_t at = text.find(end); at != std::string_view::npos; at = text.find(end)) {
    auto block = codec::pem_blocks(text.substr(0, at + end.size()));
    if (block && block->size() == 1) roots.push_back(std::move(block->front().bytes));
    text.remove_prefix(at + end.size());
  }
  return roots;
}

}  // namespace merlon::tls
