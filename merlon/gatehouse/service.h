#pragma once

// The routes of a gatehouse (docs/gatehouse.md). Requests are attacker-controlled; what is carried
// in them to keeps and back is sealed.
//
//   POST   /v1/keeps                a keep that answers a challenge: 201, its proof
//   GET    /v1/keeps                the tenant's keeps
//   GET    /v1/keeps/ID             one of them
//   DELETE /v1/keeps/ID             forget one that has ended
//   PUT    /v1/keeps/ID/delivery    the one delivery
//   POST   /v1/keeps/ID/input       the talk to the keep, from byte `at` on
//   GET    /v1/keeps/ID/output      the talk from it, from byte `from` on; waits `wait` ms
//   GET    /v1/keeps/ID/evidence    what the keep proved at its start
//   POST   /v1/keeps/ID/stop
//   GET    /v1/keeps/ID/log         what the keep's host was told
//   GET    /v1/volumes              the tenant's sealed volumes
//   DELETE /v1/volumes/NAME         take one away that no keep has
//   GET    /                        a page for people, of the tenant's keeps
//   GET    /health /ready /metrics /openapi.json

#include <atomic>
#include <functional>
#include <map>
#include <mutex>

#include "merlon/codec/time.h"
#include "merlon/gatehouse/house.h"
#include "merlon/http/server.h"
#include "merlon/oidc/issuers.h"
#include "merlon/service/seldom.h"

namespace merlon::gatehouse {

/// What is counted since the start.
struct Counts {
  std::atomic<std::uint64_t> started{0};
  std::atomic<std::uint64_t> refused{0};  ///< keeps that were asked for and did not start
  std::atomic<std::uint64_t> delivered{0};
};

class Service {
 public:
  struct World {
    std::function<codec::UnixTime()> now;
    std::function<http::Counters()> counters;
    /// Whoever asks is one tenant, without a certificate. For development.
    bool anonymous = false;
    /// Requests of one tenant at a time; those that wait for output take a worker each.
    std::size_t requests_per_tenant = 32;
    /// Whose tokens name tenants; null: nobody's. Outlives the service.
    const oidc::Issuers* issuers = nullptr;
  };

  Service(House& house, World world) noexcept : house_(house), world_(std::move(world)) {}

  /// By workers; any number at the same time.
  [[nodiscard]] http::Response handle(const http::Request& request);

 private:
  [[nodiscard]] Result<http::Response> answer(const http::Request& request);
  [[nodiscard]] Result<std::string> tenant_of(const http::Request& request) const;
  [[nodiscard]] Result<std::string> tenant_of_token(std::string_view authorization) const;
  [[nodiscard]] Result<http::Response> answer_tenant(const http::Request& request,
                                                     const std::string& tenant);
  [[nodiscard]] Result<http::Response> page(const http::Request& request);
  [[nodiscard]] Result<http::Response> keeps(const http::Request& request,
                                             const std::string& tenant);
  [[nodiscard]] Result<http::Response> volumes(const http::Request& request,
                                               const std::string& tenant, std::string_view name);
  [[nodiscard]] Result<http::Response> keep(const http::Request& request, const KeepFolder& folder,
                                            std::string_view what);
  [[nodiscard]] Result<http::Response> start(const http::Request& request,
                                             const std::string& tenant);
  [[nodiscard]] static Result<http::Response> proof_of(const KeepFolder& folder, unsigned status);
  [[nodiscard]] Result<http::Response> tell(const KeepFolder& folder, const Command& command);
  [[nodiscard]] Result<std::string> metrics();

  House& house_;
  World world_;
  Counts counts_;
  service::Seldom<std::size_t> running_{std::chrono::seconds(5)};  ///< keeps
  std::mutex mutex_;
  std::map<std::string, std::size_t> busy_;  ///< requests under way, by tenant
};

/// In the form of RFC 9457.
[[nodiscard]] http::Response problem(const Refusal& refusal);

}  // namespace merlon::gatehouse
