#pragma once

// How a service speaks TLS, out of the files that its options name.

#include <string>
#include <vector>

#include "merlon/service/issuers.h"
#include "merlon/tls/context.h"

namespace merlon::service {

struct TlsFiles {
  std::string key;          ///< PEM
  std::string certificate;  ///< PEM: the service's own, and who issued it
  std::string clients;      ///< PEM: who vouches for clients; empty: none is asked
  bool must_show = false;   ///< a client without a certificate is turned away
};

/// The error names the file.
[[nodiscard]] Checked<tls::Context> tls_of(const TlsFiles& files);
[[nodiscard]] Checked<std::vector<std::uint8_t>> read_small_file(const std::string& path);

}  // namespace merlon::service
