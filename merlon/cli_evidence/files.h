#pragma once

// Files of the evidence commands: evidence, endorsements, policies, times.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/base/printable.h"
#include "merlon/cli/table.h"
#include "merlon/core/result.h"
#include "merlon/verify/verifier.h"

namespace merlon::cli_evidence {

/// Exit statuses of `merlon evidence …` beside 0 (accepted).
enum class Status : int { Unusable = 1, Usage = 2, Refused = 3, NotJudged = 4 };
[[nodiscard]] constexpr int number(Status status) noexcept { return static_cast<int>(status); }

/// One line for people and the status to end with.
struct Failure {
  std::string text;
  Status status = Status::NotJudged;
};
template <typename T>
using Result = core::Result<T, Failure>;

/// "-" is standard input.
[[nodiscard]] Result<std::vector<std::uint8_t>> read_bytes(const std::string& path,
                                                           std::size_t max_size);

/// What the endorsements of a command line came to.
struct GivenEndorsements {
  evidence::Endorsements all;
  std::string directory;             ///< the first that was named; empty: none
  std::vector<std::string> remarks;  ///< for people, each a line: what gave nothing
  std::size_t passed_over = 0;       ///< files of directories that are no endorsements
};

/// Each path is a file, or a directory of which every regular file is tried; files of a directory
/// that are no endorsements are passed over, a file that is named must be one.
[[nodiscard]] Result<GivenEndorsements> read_endorsements(std::span<const std::string> paths);

struct GivenPolicy {
  verify::Policy policy;
  bool has_keys = true;  ///< false: it says nothing at all
};

/// The default policy for an empty path.
[[nodiscard]] Result<GivenPolicy> read_policy(const std::string& path);

/// Puts `text` in the place of the file, whole or not at all; a device, a pipe or a standard stream
/// is written to.
[[nodiscard]] Result<void> write_file(const std::string& path, const base::Printable& text);

/// RFC 3339; now for an empty text.
[[nodiscard]] Result<codec::UnixTime> read_time(const std::string& text);

/// "FILE: what (byte 7)" for what cannot be parsed.
[[nodiscard]] Failure not_parsed(const std::string& path, const core::Error& error);

}  // namespace merlon::cli_evidence
