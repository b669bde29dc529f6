#pragma once

// The command line of merlon-gatehouse.

#include <string>
#include <vector>

#include "merlon/command/command.h"
#include "merlon/core/result.h"
#include "merlon/gatehouse/house.h"
#include "merlon/http/listen_address.h"
#include "merlon/http/server.h"

namespace merlon::gatehouse {

/// A sentence for who started it.
template <typename T>
using Checked = core::Result<T, std::string>;

struct Options {
  std::vector<http::ListenAddress> listen;
  std::string tls_key;
  std::string tls_certificate;
  std::string tenants;                 ///< certificates of those who vouch for tenants
  std::vector<std::string> issuers;    ///< of tokens that name tenants
  std::vector<std::string> audiences;  ///< that a token must be for, one of them
  std::string ca_bundle;  ///< whose certificates issuers may show; empty: those of the web
  bool development = false;
  HouseSettings house;
  std::string cgroup;  ///< a directory, "none", or empty: below one's own
  http::Limits limits;
  std::size_t workers = 64;  ///< each who waits for output holds one
};

[[nodiscard]] Checked<Options> options_of(const command::Arguments& arguments,
                                          const command::Terminal& terminal);

[[nodiscard]] const command::Program& program() noexcept;

}  // namespace merlon::gatehouse
