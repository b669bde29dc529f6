#pragma once

// Writes JSON [RFC8259], one value after the other.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "merlon/base/text.h"

namespace merlon::codec {

/// Nesting is the caller's duty; commas and escapes are ours. Characters of texts that act
/// (base/characters.h) are escaped, bytes that are no UTF-8 become U+FFFD.
class JsonWriter {
 public:
  void open_object() { open('{'); }
  void close_object() { close('}'); }
  void open_array() { open('['); }
  void close_array() { close(']'); }
  void key(std::string_view name) {
    text(name);
    out_ += ':';
    fresh_ = true;
  }
  void text(std::string_view value);
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  void number(std::unsigned_integral auto value) { raw(base::concat(value)); }

  [[nodiscard]] const std::string& result() const noexcept { return out_; }

 private:
  void open(char bracket) {
    separate();
    out_ += bracket;
    fresh_ = true;
  }
  void close(char bracket) {
    out_ += bracket;
    fresh_ = false;
  }
  void raw(std::string_view value) {
    separate();
    out_ += value;
    fresh_ = false;
  }
  void separate() {
    if (!fresh_) out_ += ',';
  }

  std::string out_;
  bool fresh_ = true;  ///< nothing before that wants a comma
};

}  // namespace merlon::codec
