#pragma once

// The table of genuine evidence, cases.txt, and its files.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "merlon/verify/verifier.h"

namespace merlon::verify_test {

using Bytes = std::vector<std::uint8_t>;

struct Case {
  std::string name;
  std::string evidence;
  std::vector<std::string> endorsements;
  codec::UnixTime time;
  std::string policy_text;
  enum class Expected { Accept, Refuse, Unsupported, Malformed } expected = Expected::Accept;
  std::vector<std::string> refusals;  ///< names of checks, all of them
};

/// Ends the program with a message if the table cannot be read.
[[nodiscard]] std::vector<Case> read_cases(const std::filesystem::path& table);

[[nodiscard]] Bytes read_file(const std::filesystem::path& path);

/// Adds what a file holds, also in the form of Fortanix' stores; false if it is no endorsement.
[[nodiscard]] bool add_endorsement(evidence::Endorsements& to, const std::filesystem::path& path);

/// A case with its files read and taken apart.
struct Material {
  Bytes evidence_bytes;
  evidence::Endorsements given;  ///< beside the evidence
  verify::Policy policy;
};
[[nodiscard]] Material material_of(const Case& test, const std::filesystem::path& vectors);

/// The whole way, as a program would go it; nothing if the evidence cannot be parsed.
[[nodiscard]] core::Result<verify::Appraisal> judge(core::ByteView evidence,
                                                    const evidence::Endorsements& given,
                                                    const verify::Policy& policy,
                                                    codec::UnixTime now);

[[noreturn]] void die(const std::string& why);

}  // namespace merlon::verify_test
