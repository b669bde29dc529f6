#pragma once

// The Fetcher over libcurl: HTTPS with the system's certificates, no redirects, bounded in size and
// time. Plain HTTP only to this machine itself, for tests and caches.

#include <memory>

#include "merlon/endorse/fetcher.h"

namespace merlon::endorse {

class CurlFetcher final : public Fetcher {
 public:
  static constexpr std::size_t max_size = 4U << 20U;

  /// Internal if libcurl cannot start. One object at a time in a program.
  [[nodiscard]] static core::Result<std::unique_ptr<CurlFetcher>> create();
  ~CurlFetcher() override;

  [[nodiscard]] core::Result<Response> get(const Request& request) override;
  [[nodiscard]] core::Result<Response> post(const std::string& url, core::ByteView bytes) override;
  void pause(int round) override;

 private:
  /// `sent`: nothing is asked for, but this is sent.
  [[nodiscard]] core::Result<Response> perform(const std::string& url,
                                               const std::string& chain_header,
                                               const core::ByteView* sent);
  explicit CurlFetcher(void* handle) noexcept : handle_(handle) {}
  void* handle_;  // CURL*
};

}  // namespace merlon::endorse
