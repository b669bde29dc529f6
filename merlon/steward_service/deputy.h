#pragma once

// The broker of a Steward that has one (docs/release.md): its store and keys out of files, and its
// routes. Requests are attacker-controlled.
//
//   POST   /release/v1/deposits                write:release
//   GET    /release/v1/deposits                read:release
//   GET    /release/v1/deposits/ID             read:release
//   PUT    /release/v1/deposits/ID             write:release
//   DELETE /release/v1/deposits/ID             write:release
//   POST   /release/v1/deposits/ID/challenge   whoever knows the id
//   POST   /release/v1/deposits/ID/release     whoever brings the proof of a keep that is good

#include <functional>
#include <memory>

#include "merlon/database/database.h"
#include "merlon/http/message.h"
#include "merlon/oidc/issuers.h"
#include "merlon/release/broker.h"
#include "merlon/steward_service/options.h"
#include "merlon/steward_service/pace.h"

namespace merlon::steward_service {

inline constexpr std::string_view release_path = "/release/";

/// The path of a request as a log may have it. Whoever knows the id of a deposit can have releases
/// of it counted: "~" and the first 12 digits of its SHA-256 stand in its place.
[[nodiscard]] std::string path_in_log(std::string_view path);

class Deputy {
 public:
  struct World {
    std::function<codec::UnixTime()> now;
    std::function<verify::Moment()> moment;
    /// The Steward's own endorsements, as they are now.
    std::function<std::shared_ptr<const verify::Collateral>()> own;
    /// Takes what an appraisal has seen.
    std::function<void(const verify::Memory&)> learn;
    /// Whose tokens name tenants; null: nobody's. Outlives it.
    const oidc::Issuers* issuers = nullptr;
  };

  /// Opens the store that the options name. A line for who starts the service otherwise.
  [[nodiscard]] static Outcome<std::unique_ptr<Deputy>> open(const ReleaseOptions& options,
                                                             const std::string& state);

  /// What would end the start of that broker; makes nothing.
  [[nodiscard]] static Outcome<void> check(const ReleaseOptions& options, const std::string& state);

  /// Before the first request.
  void set_world(World world) { world_ = std::move(world); }

  /// By workers; any number at the same time.
  [[nodiscard]] http::Response handle(const http::Request& request);

 private:
  enum class Right : std::uint8_t { Administer, List };

  Deputy(const std::string& file, core::ByteView key, const ReleaseOptions& options);

  [[nodiscard]] release::Outcome<http::Response> route(const http::Request& request);
  [[nodiscard]] release::Outcome<http::Response> deposits(const http::Request& request);
  [[nodiscard]] release::Outcome<http::Response> one(const http::Request& request,
                                                     const release::DepositId& id);
  [[nodiscard]] release::Outcome<http::Response> hand_over(const http::Request& request,
                                                           const release::DepositId& id,
                                                           std::string_view what);
  [[nodiscard]] release::Outcome<release::TenantId> tenant(const http::Request& request,
                                                           Right right) const;
  [[nodiscard]] release::Outcome<http::Response> told(const release::TenantId& tenant,
                                                      const release::Listing& listing,
                                                      unsigned status);

  database::Database database_;
  release::Keyring keyring_;
  std::unique_ptr<release::Store> store_;
  std::unique_ptr<release::Broker> broker_;
  Pace pace_;
  World world_;
};

}  // namespace merlon::steward_service
