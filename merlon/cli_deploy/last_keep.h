#pragma once

// The keep that got a workload before: as long as its end is not known, nothing else gets the
// workload, so that it does not run twice. What is asked here is the gatehouse's word.

#include <string>

#include "merlon/cli_deploy/gatehouse_client.h"

namespace merlon::cli_deploy {

class LastKeep {
 public:
  /// Of this one it is not known whether it runs.
  void note(std::string id);
  /// It ended, by its own word.
  void has_ended() noexcept { id_.clear(); }

  enum class Way : std::uint8_t {
    Free,           ///< none is left that runs
    StoppedBefore,  ///< the tenant himself had it stopped
  };
  /// Ends it, if it runs, and waits for that. An error if the gatehouse does not answer, or if it
  /// still runs afterwards.
  [[nodiscard]] cli_evidence::Result<Way> end(const GatehouseClient& gatehouse);

 private:
  std::string id_;
  bool stopped_by_us_ = false;  ///< by the gatehouse's own word
};

}  // namespace merlon::cli_deploy
