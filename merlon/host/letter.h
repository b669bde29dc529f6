#pragma once

// The launch message on its way into a keep that is a machine: its launcher reads it first, to know
// what the keep may do with which descriptor, and hands it on as it came.

#include <cstdint>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/launch/channel.h"
#include "merlon/os/fd.h"

namespace merlon::host {

/// What a keep may do with a descriptor and with all that it reaches by it.
enum class Grant : std::uint8_t { ReadWrite, ReadOnly };

/// A message with open files that waits for the keep.
struct Letter {
  struct Enclosure {
    os::Fd file;
    Grant grant;
  };
  std::vector<std::uint8_t> bytes;
  std::vector<Enclosure> files;  ///< at most sallyport::max_delivered_descriptors
};

/// The same launch as a letter. A module and an archive are read-only, and so are
/// directories that say so.
///
/// Errors: as launch::encode().
[[nodiscard]] core::Result<Letter> make_letter(launch::Launch launch);

}  // namespace merlon::host
