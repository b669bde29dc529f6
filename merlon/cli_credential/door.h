#pragma once

// What verify and serve have in common: keys, an audience and a memory, of options.

#include <memory>

#include "merlon/cli/table.h"
#include "merlon/cli_credential/shown.h"

namespace merlon::cli_credential {

struct Door {
  credential::Admission admission;
  std::shared_ptr<Shown> shown;  ///< null: nothing is remembered

  [[nodiscard]] core::Result<credential::Admitted, credential::Refusal> judge(
      std::string_view token, core::ByteView bound_to, codec::UnixTime now) const;
};

/// A line about what is wrong, and the exit status.
struct Trouble {
  std::string text;
  int status;
};

/// Of --audience, --development and the keys that --key names now.
[[nodiscard]] core::Result<credential::Admission, Trouble> admission_of(
    const cli::Arguments& arguments);
[[nodiscard]] core::Result<Door, Trouble> door_of(const cli::Arguments& arguments);

/// A small file; a line that names it otherwise.
[[nodiscard]] core::Result<std::vector<std::uint8_t>, Trouble> file_of(const std::string& path,
                                                                       std::size_t most);

}  // namespace merlon::cli_credential
