#pragma once

// A package that the keep gets by itself from a registry, at the word of the tenant who delivered
// where it lies and what its digests are. The registry and whoever connects with it are the host's
// or anybody's: what comes is bounded, and counts by those digests alone.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "merlon/http_client/answer.h"
#include "merlon/launch/message.h"
#include "merlon/os/fd.h"
#include "merlon/tls/context.h"

namespace merlon::keep {

struct PackageContent {
  std::vector<std::uint8_t> module;
  std::vector<std::uint8_t> archive;  ///< what the mounts are filled from (files/selection.h)
};

/// Gets one path of the registry, with at most so many bytes of body. An error is a line.
using Get = std::function<core::Result<http_client::Answer, std::string>(const std::string& path,
                                                                         std::size_t most)>;

/// Asks again, twice, where `get` fails or the registry says that it cannot answer now (502 to
/// 504): one of several services may have ended, and a keep that ends for that has used up its
/// delivery. `rest` waits.
[[nodiscard]] Get patiently(Get get, std::function<void(std::chrono::milliseconds)> rest);

/// Puts the package that `message` names together out of what `get` gives. Attacker-controlled;
/// memory is bounded by what a delivery may hold. An error is a line for the tenant.
[[nodiscard]] core::Result<PackageContent, std::string> assemble_package(
    const launch::Message& message, const Get& get);

/// Requests to the package's registry over HTTPS, each by a connection of its own that `dialer`
/// brings. `identity` is who the keep is, for a registry that asks; its certificate must hold at
/// `now`, seconds since 1970. The first two outlive what is given.
[[nodiscard]] core::Result<Get, std::string> registry_over_https(
    const launch::RemotePackage& package, os::BorrowedFd dialer, const tls::Identity& identity,
    std::int64_t now);

}  // namespace merlon::keep
