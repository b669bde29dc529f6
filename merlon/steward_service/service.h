#pragma once

// The routes of a Steward: a request in, an answer out. Requests are attacker-controlled.
//
//   GET  /                  200, empty [ENARX crates/server]
//   POST /                  certification requests
//   GET  /health /ready /metrics /trust.pem /status /docs/errors.md
//   …    /credential…          credentials.h, where there are any
//   …    /release/…         of a broker (deputy.h), where there is one

#include <functional>
#include <memory>
#include <mutex>

#include "merlon/http/server.h"
#include "merlon/steward_service/generation.h"
#include "merlon/steward_service/records.h"
#include "merlon/steward_service/statistics.h"

namespace merlon::steward_service {

/// The answer, and over TLS the word that this host is to be spoken to by TLS alone [RFC6797].
[[nodiscard]] http::Response over_transport(http::Response response, const http::Request& request);

class Service {
 public:
  struct World {
    std::function<codec::UnixTime()> now;
    std::optional<codec::UnixTime> at;  ///< judge for this time instead
    std::function<http::Counters()> counters;
    codec::UnixTime started;
    /// Gets the VCEK of a report, and has it counted; false: it is not here. Empty: nobody gets
    /// any.
    std::function<bool(const snp::Report&)> obtain_vcek = {};
    /// What lies below release_path; empty: nothing.
    std::function<http::Response(const http::Request&)> release = {};
    /// The same of credential_path.
    std::function<http::Response(const http::Request&)> credentials = {};
  };

  Service(GenerationPointer first, Records& records, Statistics& statistics, World world);

  /// By workers; any number at the same time.
  [[nodiscard]] http::Response handle(const http::Request& request) const;

  [[nodiscard]] GenerationPointer generation() const;
  /// For which evidence is judged.
  [[nodiscard]] verify::Moment moment() const;
  /// From the next request on.
  void replace(GenerationPointer next);

 private:
  [[nodiscard]] http::Response route(const http::Request& request) const;
  [[nodiscard]] http::Response certify(const http::Request& request) const;
  [[nodiscard]] http::Response issued(const Generation& generation, steward::Certified certified,
                                      const http::Request& request) const;
  [[nodiscard]] bool lacks_vcek(
      const core::Result<steward::Certified, steward::Refusal>& certified) const;
  [[nodiscard]] http::Response refused(const steward::Refusal& refusal, steward::RequestForm form,
                                       const http::Request& request) const;
  [[nodiscard]] http::Response status(const http::Request& request) const;
  [[nodiscard]] http::Response status_with(std::string trouble) const;
  [[nodiscard]] http::Response appraisal(std::string_view name, core::ByteView bytes) const;
  [[nodiscard]] http::Response ready() const;
  [[nodiscard]] http::Response metrics() const;

  mutable std::mutex mutex_;
  mutable bool writes_ = true;  ///< whether the last certificate could be written down
  GenerationPointer generation_;
  Records& records_;
  Statistics& statistics_;
  World world_;
};

}  // namespace merlon::steward_service
