#pragma once

// Those whose tokens are believed, and their keys, which are fetched when they are needed, again
// after a while, and again when a token names one that is not known: issuers change their keys.

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "merlon/oidc/token.h"

namespace merlon::oidc {

/// The world as the room sees it.
struct World {
  /// What lies at an address, which is an issuer's word; the error is a line. May wait; any thread.
  std::function<core::Result<std::string, std::string>(const std::string& url)> fetch;
  std::function<codec::UnixTime()> now;
  /// Seconds of a clock that only goes on.
  std::function<std::int64_t()> ticks;
  /// Told why keys could not be had; null: nobody is.
  std::function<void(const std::string& issuer, const std::string& why)> complain;
};

/// How long keys count; seconds.
struct Pace {
  std::int64_t fresh = 600;       ///< before they are fetched again
  std::int64_t longest = 86'400;  ///< if they cannot be: an issuer that is away for a day is gone
  std::int64_t between = 15;      ///< fetches, at least, whatever tokens name
};

class Issuers {
 public:
  /// One Expectation for each issuer.
  Issuers(std::vector<Expectation> expected, World world, Pace pace = {});
  ~Issuers();
  Issuers(const Issuers&) = delete;
  Issuers& operator=(const Issuers&) = delete;

  /// Whose token it is, if it counts. Fetches keys where it must; while one caller does, others go
  /// on with the keys that there are, and get Keys where these do not do. Any thread.
  [[nodiscard]] core::Result<Claims, TokenRefusal> judge(std::string_view token) const;

  /// Fetches keys of all issuers that have none. The error is a line of the first that gives none.
  [[nodiscard]] core::Result<void, std::string> warm_up() const;

 private:
  struct Issuer;
  World world_;
  Pace pace_;
  std::vector<std::unique_ptr<Issuer>> issuers_;
};

}  // namespace merlon::oidc
