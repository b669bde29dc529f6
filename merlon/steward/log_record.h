#pragma once

// Private to the room: one record of the issuance log, as a line.

#include "merlon/steward/issuance_log.h"

namespace merlon::steward {

inline constexpr std::size_t max_record_size = 4096;  ///< with its line end

struct LogRecord {
  std::string line;  ///< with its line end
  crypto::Sha256Digest hash;
};

/// The record `number` behind the one whose hash is `previous`: a JSON object whose last member is
/// SHA-256 over all of the line in front of that member.
[[nodiscard]] LogRecord make_record(const Issuance& issuance, codec::UnixTime time,
                                    std::uint64_t number, const crypto::Sha256Digest& previous);

/// The hash of a record; `line` is without its line end. Gives what is wrong with one that is not
/// the record `number` behind `previous`.
[[nodiscard]] core::Result<crypto::Sha256Digest, std::string> check_record(
    std::string_view line, std::uint64_t number, const crypto::Sha256Digest& previous);

}  // namespace merlon::steward
