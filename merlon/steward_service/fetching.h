#pragma once

// Asks the vendors' services by a program of its own, merlon-fetch (room endorse): what speaks with
// them is not in the process that judges foreign bytes.

#include <chrono>
#include <functional>
#include <string>

#include "merlon/core/result.h"
#include "merlon/snp/report.h"

namespace merlon::steward_service {

struct FetchSettings {
  std::string program;    ///< path of merlon-fetch
  std::string directory;  ///< where what comes is put, one file for each artefact
  std::string intel_url, intel_root_url, amd_url;  ///< empty: the vendors' own
  std::function<bool()> ending;  ///< whether to end the program that asks, at once; any thread
};

enum class Fetched : std::uint8_t {
  All,
  NoSuch,       ///< the service answered, and has it not
  Unavailable,  ///< no answer, too many questions, or the program cannot be used
};
struct FetchOutcome {
  Fetched what = Fetched::Unavailable;
  std::string trouble;  ///< a line; empty where all came
};

/// What endorses all evidence of a kind of platform; takes up to some minutes.
[[nodiscard]] FetchOutcome fetch_platform(const FetchSettings& settings,
                                          const std::string& platform);

/// The VCEK of a report's chip at its reported TCB, asked for once; ended after `limit`. `product`:
/// for reports that do not say it; may be empty.
[[nodiscard]] FetchOutcome fetch_vcek(const FetchSettings& settings, const snp::Report& report,
                                      const std::string& product, std::chrono::milliseconds limit);

}  // namespace merlon::steward_service
