#pragma once

// A package that the keep gets by itself, from a registry that need not be trusted: what comes is
// held against these digests.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "merlon/launch/tls_settings.h"

namespace merlon::launch {

/// The tag at https://`host`:`port``path`, whose tree lies at `path`/tree [ENARX drawbridge 0.4]. A
/// channel travels beside it, by which the keep asks for connections (dial.h).
struct RemotePackage {
  using Digest = std::array<std::uint8_t, 32>;
  using Key = std::array<std::uint8_t, 32>;

  std::string host;
  std::uint16_t port = 443;
  std::string path{"/"};
  Trust trust{};             ///< whose certificate the registry must have
  Digest tree{};             ///< SHA-256 of the tree's root
  Digest module{};           ///< SHA-256 of the module
  std::optional<Key> key{};  ///< a secret: of a sealed package (docs/sealed-package.md)
  bool operator==(const RemotePackage&) const = default;
};

}  // namespace merlon::launch
