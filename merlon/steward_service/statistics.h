#pragma once

// What happened since the start, counted for Prometheus and for the status page. Any thread.

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "merlon/http/server.h"
#include "merlon/steward/authority.h"

namespace merlon::steward_service {

/// What the handler says of a request beside its answer, as notes of the response.
inline constexpr std::string_view note_code = "code";              ///< of a refusal
inline constexpr std::string_view note_technology = "technology";  ///< one for each certificate

// Likewise of a broker.
inline constexpr std::string_view note_release_code = "release_code";  ///< of a refusal
inline constexpr std::string_view note_release = "release";            ///< a keep's technology
inline constexpr std::string_view note_deposit = "deposit";            ///< made, changed, removed
inline constexpr std::string_view note_challenge = "challenge";

// Likewise of what gives credentials; each with the keep's technology.
inline constexpr std::string_view note_credential = "credential";
inline constexpr std::string_view note_credential_again =
    "credential_again";  ///< its answer got lost
inline constexpr std::string_view note_credential_code = "credential_code";  ///< of a refusal

/// One hour of requests for certificates.
struct Hour {
  std::int64_t number = 0;  ///< hours since 1970
  std::uint64_t issued = 0;
  std::map<std::string, std::uint64_t> refused;  ///< by code
};

/// Endorsements of a kind of platform that the service gets by itself.
struct Renewal {
  std::uint64_t came = 0;
  std::uint64_t failed = 0;
  codec::UnixTime last;  ///< when all came; 1970: never
  std::string trouble;   ///< of the last try, a line; empty: it was good
};

class Statistics {
 public:
  static constexpr std::array<double, 11> bounds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                 0.1,   0.25,   0.5,   1,    5};  ///< seconds
  static constexpr std::size_t max_platforms = 4096;  ///< what is beyond is not counted
  static constexpr std::size_t max_hours = 48;
  static constexpr std::size_t max_codes = 256;  ///< what is beyond counts as "other"

  struct Counts {
    std::map<unsigned, std::uint64_t> by_status;
    std::map<std::string, std::uint64_t> refused;              ///< by code
    std::map<std::string, std::uint64_t> issued;               ///< by technology
    std::array<std::uint64_t, bounds.size() + 1> durations{};  ///< not cumulated
    double seconds = 0;
    std::uint64_t reloads = 0;
    std::uint64_t reload_failures = 0;
    std::uint64_t lost_lines = 0;
    /// The last outlook of each platform whose evidence was accepted, by kind and machine.
    std::map<std::string, verify::Outlook> platforms;
    std::map<std::string, Renewal> renewals;        ///< by platform
    std::map<std::string, std::uint64_t> vceks;     ///< questions for one by what came of them
    std::deque<Hour> hours;                         ///< the newest last
    std::map<std::string, std::uint64_t> releases;  ///< of a broker, by technology
    std::map<std::string, std::uint64_t> release_refused;  ///< by code
    std::map<std::string, std::uint64_t> deposits;         ///< by what was done
    std::uint64_t challenges = 0;
    std::map<std::string, std::uint64_t> credentials;         ///< that were given, by technology
    std::map<std::string, std::uint64_t> credentials_again;   ///< that were given again
    std::map<std::string, std::uint64_t> credential_refused;  ///< by code
    std::uint64_t credential_keys = 0;                        ///< in the log; 0: none are given
    std::uint64_t credential_log_bytes = 0;
  };

  void note(const http::Exchange& exchange, codec::UnixTime now);
  void note_reload(bool done);
  void note_lost_line();
  void note_renewal(const std::string& platform, std::string trouble, codec::UnixTime now);
  void note_platform(const verify::Outlook& outlook);
  void note_vcek(const std::string& outcome);
  void note_credential_log(std::uint64_t keys, std::uint64_t bytes);
  [[nodiscard]] Counts counts() const;

 private:
  Hour& hour_of(codec::UnixTime now);

  mutable std::mutex mutex_;
  Counts counts_;
};

}  // namespace merlon::steward_service
