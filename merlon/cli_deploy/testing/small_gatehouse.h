#pragma once

// For tests: a gatehouse on this machine's loopback, with its real service and folders, whose keeps
// are threads of this process; what they run is written down here.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "merlon/crypto/x25519.h"
#include "merlon/delivery/records.h"
#include "merlon/delivery/sealed.h"
#include "merlon/delivery/volume_mark.h"
#include "merlon/evidence/binding.h"
#include "merlon/gatehouse/service.h"
#include "merlon/http/server.h"
#include "merlon/os/poll.h"

namespace merlon::cli_deploy::testing {

/// A keep: takes one delivery, says a word, gives back what it hears, and ends.
class ThreadedKeep {
 public:
  /// What its workload does.
  struct Manner {
    std::string says = "hello\n";
    std::uint32_t status = 7;
    std::optional<delivery::VolumeMark> mark{};  ///< told first
    bool is_lost = false;                        ///< ends as soon as it has its delivery
    bool is_full = false;                        ///< refuses its first input
    /// Makes its evidence; nothing attests it without.
    std::function<std::vector<std::uint8_t>(const evidence::ReportData&)> attest{};
  };
  ThreadedKeep(gatehouse::KeepFolder folder, const delivery::Nonce& nonce, Manner manner);
  ~ThreadedKeep();
  ThreadedKeep(const ThreadedKeep&) = delete;
  ThreadedKeep& operator=(const ThreadedKeep&) = delete;

  /// What was delivered; any thread.
  [[nodiscard]] std::optional<delivery::Workload> delivered() const;

 private:
  void live();
  [[nodiscard]] gatehouse::Outcome obey(const gatehouse::Command& command);
  [[nodiscard]] gatehouse::Outcome take(const std::vector<std::uint8_t>& sealed);
  [[nodiscard]] gatehouse::Outcome hear(const gatehouse::Command& command);
  void say(delivery::RecordKind kind, core::ByteView content);
  void end(std::string_view how);

  gatehouse::KeepFolder folder_;
  delivery::Nonce nonce_;
  Manner manner_;
  crypto::X25519Key key_;
  std::vector<std::uint8_t> evidence_;
  os::Fd listener_;
  std::string output_;
  std::uint64_t heard_ = 0;
  bool is_over_ = false;
  std::optional<delivery::RecordSealer> sealer_;
  std::optional<delivery::RecordOpener> opener_;
  mutable std::mutex mutex_;
  std::optional<delivery::Workload> delivered_;
  os::WakeUp stop_;
  std::thread thread_;
};

class SmallGatehouse {
 public:
  explicit SmallGatehouse(std::string folder);
  ~SmallGatehouse();
  SmallGatehouse(const SmallGatehouse&) = delete;
  SmallGatehouse& operator=(const SmallGatehouse&) = delete;

  [[nodiscard]] const std::string& url() const noexcept { return url_; }
  /// Of the keeps that are started from now on.
  void set_manner(ThreadedKeep::Manner manner);
  /// Answers in the service's place, where it gives something; several threads ask it at once.
  using Instead = std::function<std::optional<http::Response>(const http::Request&)>;
  /// Has somebody answer as long as it lives; nobody is asking him any more when it has ended.
  class Replacement {
   public:
    Replacement(SmallGatehouse& house, Instead instead);
    ~Replacement();
    Replacement(const Replacement&) = delete;
    Replacement& operator=(const Replacement&) = delete;

   private:
    SmallGatehouse& house_;
  };
  [[nodiscard]] Replacement answer_instead(Instead instead) { return {*this, std::move(instead)}; }
  [[nodiscard]] std::vector<const ThreadedKeep*> keeps() const;
  /// Where the volumes of its one tenant lie.
  [[nodiscard]] std::string volumes() const;
  /// What answers but for what is answered instead.
  [[nodiscard]] gatehouse::Service& service() noexcept { return service_; }
  /// Nobody listens any more.
  void close() { server_.reset(); }

 private:
  [[nodiscard]] http::Response handle(const http::Request& request);
  [[nodiscard]] http::Response start(const http::Request& request);

  std::string folder_;
  gatehouse::House house_;
  gatehouse::Service service_;
  mutable std::mutex mutex_;
  ThreadedKeep::Manner manner_;
  std::shared_mutex instead_mutex_;  ///< shared by those who ask
  Instead instead_;
  std::map<std::string, std::unique_ptr<ThreadedKeep>> keeps_;
  std::string url_;
  std::optional<http::Server> server_;
};

}  // namespace merlon::cli_deploy::testing
