#pragma once

// The command line of merlon-gatehouse.

#include <string>
#include <vector>

#include "merlon/command/command.h"
#include "merlon/core/result.h"
#include "merlon/gatehouse/house.h"
#include "merlon/http/listen_address.h"
#include "merlon/http/server.h"
#include "merlon/service/issuers.h"
#include "merlon/service/tls_files.h"

namespace merlon::gatehouse {

using service::Checked;

struct Options {
  std::vector<http::ListenAddress> listen;
  service::TlsFiles tls;            ///< its clients are tenants
  service::IssuerSettings issuers;  ///< of tokens that name tenants
  bool development = false;
  HouseSettings house;
  std::string cgroup;  ///< a directory, "none", or empty: below one's own
  http::Limits limits;
  std::size_t workers = 64;  ///< each who waits for output holds one
};

[[nodiscard]] Checked<Options> options_of(const command::Arguments& arguments,
                                          const command::Terminal& terminal);

/// How many connections may be open where this process may have so many files: what the requests
/// under way and the process itself need is left to them.
[[nodiscard]] std::size_t connections_within(std::uint64_t files, std::size_t workers,
                                             std::size_t wanted) noexcept;

[[nodiscard]] const command::Program& program() noexcept;

}  // namespace merlon::gatehouse
