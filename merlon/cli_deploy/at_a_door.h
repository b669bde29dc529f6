#pragma once

// A keep that a container of some engine is to be: keep://HOST:PORT, where merlon-door waits for
// its tenant. Nothing that it says is believed before the keep's evidence is judged.

#include <string>

#include "merlon/cli_evidence/files.h"
#include "merlon/delivery/challenge.h"
#include "merlon/door/opening.h"
#include "merlon/launch/proof.h"
#include "merlon/os/fd.h"

namespace merlon::cli_deploy {

[[nodiscard]] bool is_door(std::string_view url) noexcept;

/// What is said there first. A tenant whose key is his own (--key) is named, and his policy's text.
[[nodiscard]] cli_evidence::Result<door::Opening> opening_of(const cli::Arguments& arguments,
                                                             const delivery::Challenge& challenge,
                                                             door::KeepRequest request);

struct KeepAtDoor {
  os::Fd stream;
  launch::Proof proof;  ///< its host's word
};
/// A new keep that has answered the challenge. Refused: the container does not grant what is asked
/// for, in its words.
[[nodiscard]] cli_evidence::Result<KeepAtDoor> knock(const std::string& url,
                                                     const door::Opening& opening);

}  // namespace merlon::cli_deploy
