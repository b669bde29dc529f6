#pragma once

// Files of the evidence commands: evidence, endorsements, policies, times.

#include <string>

#include "merlon/cli/command.h"
#include "merlon/core/result.h"
#include "merlon/verify/verifier.h"

namespace merlon::appraise {

/// Exit statuses of `merlon evidence …` beside 0 (accepted) and 2 (usage).
enum class Status : int { Unusable = 1, Refused = 3, NotJudged = 4 };
[[nodiscard]] constexpr int number(Status status) noexcept { return static_cast<int>(status); }

/// One line for people and the status to end with.
struct Failure {
  std::string text;
  Status status = Status::NotJudged;
};
template <typename T>
using Result = core::Result<T, Failure>;

[[nodiscard]] Result<std::vector<std::uint8_t>> read_bytes(const std::string& path,
                                                           std::size_t max_size);

/// Each path is a file, or a directory of which every regular file is tried; files of a directory
/// that are no endorsements are passed over, a file that is named must be one.
[[nodiscard]] Result<evidence::Endorsements> read_endorsements(std::span<const std::string> paths);

/// The default policy for an empty path.
[[nodiscard]] Result<verify::Policy> read_policy(const std::string& path);

/// RFC 3339; now for an empty text.
[[nodiscard]] Result<codec::UnixTime> read_time(const std::string& text);

/// "FILE: what (byte 7)" for what cannot be parsed.
[[nodiscard]] Failure not_parsed(const std::string& path, const core::Error& error);

}  // namespace merlon::appraise
