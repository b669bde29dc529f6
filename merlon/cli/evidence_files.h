#pragma once

// Files of the evidence commands: evidence, endorsements, policies, times.

#include <string>

#include "merlon/cli/command.h"
#include "merlon/core/result.h"
#include "merlon/verify/verifier.h"

namespace merlon::cli {

/// Exit statuses of `merlon evidence …` beside 0 (accepted) and 2 (usage).
enum class EvidenceStatus : int { Unusable = 1, Refused = 3, NotJudged = 4 };
[[nodiscard]] constexpr int number(EvidenceStatus status) noexcept {
  return static_cast<int>(status);
}

/// One line for people and the status to end with.
struct EvidenceFailure {
  std::string text;
  EvidenceStatus status = EvidenceStatus::NotJudged;
};
template <typename T>
using EvidenceResult = core::Result<T, EvidenceFailure>;

[[nodiscard]] EvidenceResult<std::vector<std::uint8_t>> read_bytes(const std::string& path,
                                                                   std::size_t max_size);

/// Each path is a file, or a directory of which every regular file is tried; files of a directory
/// that are no endorsements are passed over, a file that is named must be one.
[[nodiscard]] EvidenceResult<evidence::Endorsements> read_endorsements(
    std::span<const std::string> paths);

/// The default policy for an empty path.
[[nodiscard]] EvidenceResult<verify::Policy> read_policy(const std::string& path);

/// RFC 3339; now for an empty text.
[[nodiscard]] EvidenceResult<codec::UnixTime> read_time(const std::string& text);

/// "FILE: what (byte 7)" for what cannot be parsed.
[[nodiscard]] EvidenceFailure not_parsed(const std::string& path, const core::Error& error);

}  // namespace merlon::cli
