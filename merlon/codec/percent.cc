#include "merlon/codec/percent.h"

#include "merlon/codec/hex.h"

namespace merlon::codec {

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 3 <= text.size()) {
      if (const auto byte = decode_hex(text.substr(i + 1, 2))) {
        out += static_cast<char>((*byte)[0]);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

}  // namespace merlon::codec
