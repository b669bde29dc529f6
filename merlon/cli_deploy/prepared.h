#pragma once

// The package that a command line names, on its way into a delivery.

#include <string>
#include <vector>

#include "merlon/cli_evidence/files.h"
#include "merlon/delivery/workload.h"
#include "merlon/host/plan.h"
#include "merlon/https_client/https_client.h"

namespace merlon::cli_deploy {

/// A package, read whole: what is delivered, and what its host is to know of it.
struct Prepared {
  delivery::Workload workload;
  host::Offer offer;
  std::vector<std::string> notes;
};

/// Reads it, and its configuration with what the command line says of it. `keep_fetches`: it is one
/// of a registry, from which the keep gets it by itself.
[[nodiscard]] cli_evidence::Result<Prepared> prepare(const cli::Arguments& arguments,
                                                     const cli::Terminal& terminal,
                                                     const https_client::TlsFiles& files,
                                                     bool keep_fetches);

}  // namespace merlon::cli_deploy
