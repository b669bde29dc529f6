#pragma once

// The command line of merlon-drawbridge: Enarx' options, and ours.

#include <string>
#include <vector>

#include "merlon/command/command.h"
#include "merlon/drawbridge/store_options.h"
#include "merlon/http/listen_address.h"
#include "merlon/http/server.h"
#include "merlon/registry_store/catalogue.h"
#include "merlon/service/issuers.h"
#include "merlon/service/tls_files.h"

namespace merlon::drawbridge {

using service::Checked;

struct Options {
  std::vector<http::ListenAddress> listen;
  StorePlace store;
  service::TlsFiles tls;            ///< its clients are keeps
  service::IssuerSettings issuers;  ///< of tokens that name users
  bool development = false;
  registry_store::Quota quota;
  std::uint64_t largest = std::uint64_t{4} << 30U;  ///< bytes of one file
  std::vector<std::string> reserved;
  http::Limits limits;
  std::size_t workers = 16;
};

[[nodiscard]] Checked<Options> options_of(const command::Arguments& arguments,
                                          std::string (*variable)(const char* name));

[[nodiscard]] const command::Program& program() noexcept;

}  // namespace merlon::drawbridge
