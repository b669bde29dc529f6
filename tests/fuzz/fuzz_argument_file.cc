// Any text as a file of arguments, whose words any command line parser may get.

#include <cstdlib>
#include <string>

#include "merlon/command/argument_files.h"
#include "merlon/command/parse.h"
#include "merlon/core/bytes.h"

namespace {

using merlon::command::CommandSpec;
using merlon::command::OptionSpec;

constexpr OptionSpec options[]{{"--listen", "ADDRESS:PORT", "Where.", true},
                               {"--key", "FILE", "What."},
                               {"--development", "", "How."}};
constexpr CommandSpec commands[]{{"serve", "Serves", "It serves.", {}, options}};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(merlon::core::as_text({data, size}));
  const auto words = merlon::command::with_files(
      {"@f"}, [&](const std::string&) -> merlon::core::Result<std::string, std::string> {
        return std::string(text);
      });
  if (!words) {
    if (words.error().find('\n') != std::string::npos) std::abort();
    return 0;
  }
  // Whatever the file says, it is options, never a command or a file of its own.
  for (const std::string& each : *words) {
    if (!each.starts_with('-')) std::abort();
  }
  static_cast<void>(merlon::command::parse(merlon::command::with_command(*words), commands));
  return 0;
}
