#pragma once

// Files and directories that the options name.

#include <string>
#include <vector>

#include "merlon/evidence/endorsements.h"
#include "merlon/steward_service/options.h"

namespace merlon::steward_service {

/// All of a file, with its path in front of the reason if it cannot be read.
[[nodiscard]] Outcome<std::vector<std::uint8_t>> read_file(const std::string& path,
                                                           std::size_t max_size);

/// Names of the files of a directory, without those that begin with a dot; sorted.
[[nodiscard]] Outcome<std::vector<std::string>> names_in(const std::string& path);

struct GivenEndorsements {
  evidence::Endorsements all;
  std::vector<std::string> warnings;  ///< each a line: what gave nothing
};

/// Of files and of directories' files. What is in a directory may be something else, and a warning
/// says so; but not what may be a revocation list, which must not be lost without a word.
[[nodiscard]] Outcome<GivenEndorsements> read_endorsements(const std::vector<std::string>& paths);

/// "PATH size inode time" of a file, or of a directory and each of its files.
void add_fingerprint(std::vector<std::string>& to, const std::string& path);

}  // namespace merlon::steward_service
