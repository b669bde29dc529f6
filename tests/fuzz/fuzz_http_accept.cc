// Any Accept header: a weight within its bounds, never more by name than with wildcards; and no
// header of an answer, whatever text it was made of, begins another.

#include <cstdlib>

#include "merlon/core/bytes.h"
#include "merlon/http/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon::http;
  const std::string_view text = merlon::core::as_text({data, size});
  for (const std::string_view type : {"text/html", "application/problem+json"}) {
    const unsigned named = named_acceptance(text, type);
    if (acceptance(text, type) > 1000 || named > 1000) std::abort();
    if (named > 0 && acceptance(text, type) != named) std::abort();
  }
  const std::string_view name = text.substr(0, size / 2);
  const std::string_view value = text.substr(size / 2);
  const std::string head =
      response_head({200, {{std::string(name), std::string(value)}}, {}}, {1, true, {0}});
  std::size_t lines = 0;
  for (std::size_t at = head.find('\n'); at != std::string::npos; at = head.find('\n', at + 1)) {
    ++lines;
  }
  // The status, this header, Date, Content-Length, and the empty line.
  if (lines != 5 || !head.ends_with("\r\n\r\n")) std::abort();
  return 0;
}
