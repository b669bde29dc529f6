#pragma once

// Files that a command writes for whoever asked for them.

#include <cstdint>
#include <string>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::cli {

/// What becomes of a regular file that is there already. A command that keeps it has --force.
enum class Existing : std::uint8_t { Replaced, Kept };
/// Who may read what is written: whoever the umask lets, or the user alone (mode 0600).
enum class Readers : std::uint8_t { Umask, Owner };

/// Whether it is on the disk when the command ends, or when the system likes: for what can be asked
/// for again. A file that the machine's crash leaves half written is then possible.
enum class Lasting : std::uint8_t { AtOnce, InTime };

struct OutputRules {
  Existing existing = Existing::Replaced;
  Readers readers = Readers::Umask;
  Lasting lasting = Lasting::AtOnce;
};

/// Puts `bytes` in the place of the file, whole or not at all; a device, a pipe or a standard
/// stream is written to. A file that is replaced is another one afterwards, so that nobody who has
/// the old one open, or whose it was, sees the new bytes. The error is one line for people.
[[nodiscard]] core::Result<void, std::string> write_output(const std::string& path,
                                                           core::ByteView bytes,
                                                           OutputRules rules = {});

}  // namespace merlon::cli
