#pragma once

// What S3 answers: a page of a listing, and why not [S3-API ListObjectsV2, error responses].
// Attacker-controlled.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::s3 {

struct Listing {
  struct Object {
    std::string key;
    std::uint64_t size = 0;
    bool operator==(const Object&) const = default;
  };
  std::vector<Object> objects;
  std::vector<std::string> prefixes;  ///< of what lies deeper
  std::string next;                   ///< what the next page is asked for with; empty: the last
};

/// Malformed, also for one that says that it goes on and not where.
[[nodiscard]] core::Result<Listing> parse_listing(std::string_view text);

/// The word for what is wrong ("NoSuchBucket"); empty where there is none that one can show.
[[nodiscard]] std::string parse_refusal(std::string_view text);

}  // namespace merlon::s3
