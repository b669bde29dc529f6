#pragma once

// Answers to questions that everybody may ask, for as long as nothing in the catalogue has changed:
// the thread that carries bytes gives them without a worker. Who shows who he is, or asks for a
// part, gets none of them.

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "merlon/http/message.h"

namespace merlon::drawbridge {

class QuickAnswers {
 public:
  /// A number that is another one as soon as anybody has changed the catalogue, and is there
  /// without waiting; nothing: not now. By one thread.
  using Version = std::function<std::optional<std::int64_t>()>;

  static constexpr std::size_t largest = std::size_t{64} << 10U;  ///< content of one
  static constexpr std::size_t room = std::size_t{16} << 20U;     ///< of all

  /// Null: none is kept.
  explicit QuickAnswers(Version version) : version_(std::move(version)) {}

  /// By the thread that carries bytes. Nothing: a worker is to be asked.
  [[nodiscard]] std::optional<http::Response> find(const http::Request& request);

  /// Which version a worker's answer is of at least, taken before he looks. Any thread.
  [[nodiscard]] std::optional<std::int64_t> seen() const;
  /// A worker's answer. Any thread.
  void keep(const http::Request& request, const http::Response& response,
            std::optional<std::int64_t> seen);

 private:
  using Kept = std::shared_ptr<const http::Response>;

  const Version version_;
  mutable std::mutex mutex_;
  std::optional<std::int64_t> seen_;  ///< all of kept_ is of this version
  std::unordered_map<std::string, Kept> kept_;
  std::size_t held_ = 0;
};

}  // namespace merlon::drawbridge
