#include "merlon/cli/json.h"

namespace merlon::cli {

void JsonWriter::text(std::string_view value) {
  separate();
  out_ += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (byte < 0x20) {
      constexpr std::string_view digits = "0123456789abcdef";
      out_ += "\\u00";
      out_ += digits[byte >> 4U];
      out_ += digits[byte & 15U];
    } else {
      out_ += c;
    }
  }
  out_ += '"';
  fresh_ = false;
}

}  // namespace merlon::cli
