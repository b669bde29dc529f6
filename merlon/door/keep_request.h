#pragma once

// What a tenant asks a host for: an empty keep that answers his challenge, and what it may use of
// the host. As JSON, strict: every member is known, each value has bounds. Attacker-controlled.
//
//   {"backend": "snp-sim", "nonce": "64 hexadecimal digits",
//    "wishes": [{"kind": "listen" | "connect" | "steward" | "registry" | "allowed", "host": "::",
//    "port": 443, "tls": true}], "max_memory_bytes": 0, "timeout_nanoseconds": 0}
//
// "wishes", "tls" and the limits may be left out.

#include <string>
#include <string_view>

#include "merlon/core/result.h"
#include "merlon/host/backend.h"
#include "merlon/host/plan.h"

namespace merlon::door {

struct KeepRequest {
  host::Backend backend = host::Backend::SnpSim;
  host::Offer offer;
};

/// The error is a line that names the member.
[[nodiscard]] core::Result<KeepRequest, std::string> parse_keep_request(std::string_view json);

/// As parse_keep_request() takes it.
[[nodiscard]] std::string to_json(const KeepRequest& request);

}  // namespace merlon::door
