#pragma once

// Requests to one bucket of an S3 [S3-API], in the form that any of its kind takes: path-style
// addresses, AWS Signature Version 4. Requests that failed for the moment are made again a few
// times: each of ours may be done twice. A redirection is not followed. Answers are the server's
// word.

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "merlon/https_client/https_client.h"
#include "merlon/s3/listing.h"
#include "merlon/s3/signature.h"

namespace merlon::s3 {

struct Settings {
  std::string endpoint;  ///< "https://HOST[:PORT]", or "http://" on this machine
  std::string region;
  std::string bucket;
  Credentials credentials;
  std::string ca_bundle{};  ///< whose certificate it may show; empty: those of the web
};

/// What it needs of the world; tests have another one.
struct World {
  std::function<codec::UnixTime()> now;
  std::function<void(std::chrono::nanoseconds)> rest;
};
[[nodiscard]] World real_world();

struct Range {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

/// Any thread. Errors: NotFound · Exhausted (no room) · Unavailable, whose detail is the last
/// status.
class Client {
 public:
  /// The error is a line for who started this program, without a secret.
  [[nodiscard]] static core::Result<Client, std::string> create(Settings settings, World world);

  [[nodiscard]] core::Result<void> put(const std::string& key, core::ByteView bytes) const;
  /// That part, as long as it was asked for; its bytes are whatever the server says.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> get(const std::string& key,
                                                            Range range) const;
  /// Well if it is not there.
  [[nodiscard]] core::Result<void> remove(const std::string& key) const;
  /// One page of what begins with `prefix`, from `token` on; `flat`: not what lies deeper, behind
  /// another "/".
  [[nodiscard]] core::Result<Listing> list(const std::string& prefix, bool flat,
                                           const std::string& token) const;
  /// Whether the bucket is there and lets us; the error is a line for people.
  [[nodiscard]] core::Result<void, std::string> probe() const;

 private:
  struct Asked;
  Client(https_client::HttpsClient http, Settings settings, World world) noexcept
      : http_(std::move(http)), settings_(std::move(settings)), world_(std::move(world)) {}
  [[nodiscard]] https_client::Result<http_client::Answer> once(const Asked& asked) const;
  [[nodiscard]] core::Result<http_client::Answer> ask(const Asked& asked) const;
  [[nodiscard]] Asked list_request(const std::string& prefix, bool flat, const std::string& token,
                                   unsigned most) const;

  https_client::HttpsClient http_;
  Settings settings_;
  World world_;
};

}  // namespace merlon::s3
