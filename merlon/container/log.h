#pragma once

// Where engines look for why a runtime failed: standard error, and the file of --log, in the form
// of --log-format.

#include <string>
#include <string_view>

#include "merlon/os/fd.h"

namespace merlon::container {

class Log {
 public:
  enum class Form : std::uint8_t { Text, Json };

  /// A file that cannot be opened is as good as none.
  Log(const std::string& path, Form form);

  void error(std::string_view text) const { line("error", text); }
  void warning(std::string_view text) const { line("warning", text); }

 private:
  void line(std::string_view level, std::string_view text) const;

  os::Fd file_;
  Form form_;
};

}  // namespace merlon::container
