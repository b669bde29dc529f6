#pragma once

// What a launch says of TLS: whom to believe, and how a workload's connections speak it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace merlon::launch {

/// More certificates than anybody names, and a bound on what a host may make a keep read.
inline constexpr std::size_t max_anchors = 1024;
inline constexpr std::size_t max_protocols = 16;

/// Whose certificates are believed. All false and empty: nobody's.
struct Trust {
  bool web = false;                                  ///< of those whom Mozilla lists
  bool steward = false;                              ///< of the Steward that vouched for this keep
  std::vector<std::vector<std::uint8_t>> anchors{};  ///< DER, of these
  bool operator==(const Trust&) const = default;

  [[nodiscard]] bool nobody() const noexcept { return !web && !steward && anchors.empty(); }
};

/// What a listener wants of those who connect.
enum class ClientCertificate : std::uint8_t { None = 0, Request = 1, Require = 2 };

struct TlsSettings {
  ClientCertificate client = ClientCertificate::None;  ///< only with Listen
  Trust trust{};
  std::vector<std::string> alpn{};
  std::string server_name{};  ///< whose certificate the other side must have; only with Connect
  bool operator==(const TlsSettings&) const = default;
};

/// Who vouches for a keep, at https://`host`:`port``path`. A channel travels beside it, by which
/// the keep asks for connections (dial.h).
struct Steward {
  std::string host;
  std::uint16_t port = 443;
  std::string path{"/"};
  Trust trust{};  ///< never `steward`
  bool operator==(const Steward&) const = default;
};

/// More destinations than anybody lists.
inline constexpr std::size_t max_allowed = 1024;

/// Where a workload may open connections to while it runs. For those of a list a channel travels
/// beside it, by which the keep asks for them (dial_allowed.h).
struct Allowed {
  std::string name;  ///< of a host, or its address
  std::uint16_t port = 443;
  std::optional<TlsSettings> tls{};  ///< as of Connect; none: plain TCP
  bool operator==(const Allowed&) const = default;
};

}  // namespace merlon::launch
