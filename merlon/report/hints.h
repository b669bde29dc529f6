#pragma once

// What whoever asked can do about endorsements that are missing or stale. Pure.

#include <string>
#include <vector>

#include "merlon/verify/appraisal.h"

namespace merlon::report {

/// A sentence with a command in it, or with none.
struct Hint {
  std::string before;
  std::string command;
  std::string after;
};

/// How the question was put.
struct Asked {
  std::string file;       ///< of the evidence
  std::string directory;  ///< the first of the endorsements' directories; empty: none was given
  bool for_now = false;   ///< and not for a time that was named
};

[[nodiscard]] std::vector<Hint> hints(const Asked& asked, const evidence::Evidence& evidence,
                                      const verify::Appraisal& appraisal);

}  // namespace merlon::report
