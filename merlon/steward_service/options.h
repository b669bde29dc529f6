#pragma once

// What whoever runs a Steward says: words of the command line and Enarx's variables. [ENARX
// steward/src/main.rs]

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/command/command.h"
#include "merlon/core/result.h"
#include "merlon/http/listen_address.h"
#include "merlon/http/server.h"
#include "merlon/release/store.h"
#include "merlon/service/issuers.h"

namespace merlon::steward_service {

/// The broker (docs/release.md).
struct ReleaseOptions {
  std::string store;  ///< file of SQLite; empty: there is no broker
  std::string key;    ///< file with 64 hexadecimal digits
  release::Quota quota;
  std::uint32_t per_minute = 120;  ///< challenges and releases of one address
  service::IssuerSettings issuers;
};

/// Credentials for keeps (docs/zero-knowledge.md).
struct CredentialOptions {
  std::string directory;  ///< empty: there are none
  std::string issuer;     ///< what the keys say whose they are
  std::uint32_t limit = 100;
  std::chrono::seconds epoch = std::chrono::hours(24) * 7;
};

struct Options {
  std::string key;                          ///< file; with `certificate`, or neither
  std::string certificate;                  ///< file: the CA's, and who issued it
  std::string ca;                           ///< directory of a steward::CaStore, in their place
  std::string host;                         ///< name of a CA that is made at the start
  std::vector<std::string> names;           ///< of every certificate
  std::vector<http::ListenAddress> listen;  ///< at least one
  std::string policy;                       ///< file; empty: the default one
  std::vector<std::string> endorsements;    ///< directories and files
  std::vector<std::string> early;           ///< the same with Intel's early documents
  std::string state;                        ///< directory; empty: nothing is remembered
  std::vector<std::string> renew;  ///< kinds of platforms whose endorsements it gets by itself
  std::string fetcher;             ///< program; empty: merlon-fetch beside this one
  std::string intel_url, intel_root_url, amd_url;  ///< empty: the vendors' own
  std::string tls_key;  ///< file; with `tls_certificate`, or neither: plain HTTP
  std::string tls_certificate;
  std::optional<std::chrono::seconds> lifetime;  ///< nothing: 24 hours, or what `ca` says
  std::chrono::milliseconds watch{2'000};        ///< how often files are looked at; 0: never
  std::chrono::milliseconds drain{30'000};
  std::optional<codec::UnixTime> at;  ///< judge for this time; development only
  bool development = false;
  std::size_t workers = 0;  ///< 0: one for each processor
  http::Limits limits;
  ReleaseOptions release;
  CredentialOptions credentials;
};

/// A line for the user about what is wrong.
template <typename T>
using Outcome = core::Result<T, std::string>;

/// Enarx's one-letter options by the names that the table has.
[[nodiscard]] std::vector<std::string> respelled(const std::vector<std::string>& words);

/// What the command line says, else the variable, else the default.
[[nodiscard]] Outcome<Options> options_of(const command::Arguments& arguments,
                                          const command::Terminal& terminal);

/// The value of an option that is a time; a line if it is none from `least` to `most`.
[[nodiscard]] Outcome<std::chrono::seconds> duration_of(const command::Arguments& arguments,
                                                        std::string_view option,
                                                        std::chrono::seconds fallback,
                                                        std::chrono::seconds least,
                                                        std::chrono::seconds most);

/// "90s", "15m", "12h", "7d"; whole numbers alone are seconds.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace merlon::steward_service
