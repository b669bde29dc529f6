#pragma once

// Arguments of services in files: "@FILE" on a command line stands for what the file asks for.
//
// Whoever starts the service names the file, so it is trusted as much as the command line is; it is
// bounded and checked all the same.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/command/command.h"
#include "merlon/core/result.h"

namespace merlon::command {

/// Words, or a line for the user about what is wrong.
using Words = core::Result<std::vector<std::string>, std::string>;

/// The bytes of a file, or a line that says why not.
using ArgumentReader =
    std::function<core::Result<std::string, std::string>(const std::string& path)>;

/// Of the file system; at most a MiB.
[[nodiscard]] core::Result<std::string, std::string> read_argument_file(const std::string& path);

/// The arguments in a file of TOML: each key of its top is an option, "lifetime = '12h'" stands for
/// "--lifetime=12h", true for an option without value, false for none, a list for several.
[[nodiscard]] Words words_of_toml(std::string_view text);

/// `words` with the arguments of a file in the place of each "@FILE"; those of a file name no
/// other.
[[nodiscard]] Words with_files(const std::vector<std::string>& words, const ArgumentReader& read);

/// `words` of a service: where they name no command, "serve" is meant.
[[nodiscard]] std::vector<std::string> with_command(std::vector<std::string> words);

}  // namespace merlon::command
