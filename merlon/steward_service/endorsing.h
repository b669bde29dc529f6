#pragma once

// The part of a running service that gets endorsements by itself: what ends soon, in a thread of
// its own, and VCEKs when a request needs one.

#include <atomic>
#include <condition_variable>
#include <functional>
#include <thread>

#include "merlon/http/message.h"
#include "merlon/steward_service/generation.h"
#include "merlon/steward_service/options.h"
#include "merlon/steward_service/statistics.h"
#include "merlon/steward_service/vceks.h"

namespace merlon::steward_service {

class Endorsing {
 public:
  struct World {
    std::function<codec::UnixTime()> now;
    std::function<GenerationPointer()> generation;
    std::function<bool()> reload;  ///< reads all files anew; any thread; false: they are unusable
    std::function<void(std::string_view level, std::string_view event,
                       const std::vector<http::Header>& fields)>
        say;
  };

  /// `directory` is made if it is not there. `options` name at least one platform.
  Endorsing(const Options& options, std::string directory, Statistics& statistics, World world);
  /// Ends the thread; a question that runs is given up.
  ~Endorsing();
  Endorsing(const Endorsing&) = delete;
  Endorsing& operator=(const Endorsing&) = delete;

  [[nodiscard]] bool obtain_vcek(const snp::Report& report) { return vceks_.obtain(report); }
  /// Begins to ask.
  void start();

 private:
  [[nodiscard]] FetchOutcome ask_for(const snp::Report& report, const std::string& product) const;
  void run();
  void renew(const std::string& platform, int failures, bool& came);
  [[nodiscard]] std::optional<codec::UnixTime> first_end() const;

  FetchSettings settings_;
  std::vector<std::string> platforms_;
  Statistics& statistics_;
  World world_;
  Vceks vceks_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

/// merlon-fetch beside the program that runs.
[[nodiscard]] std::string usual_fetcher();

}  // namespace merlon::steward_service
