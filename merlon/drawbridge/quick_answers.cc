#include "merlon/drawbridge/quick_answers.h"

#include <algorithm>
#include <array>

namespace merlon::drawbridge {

namespace {

/// Headers on which an answer hangs.
constexpr std::array<std::string_view, 4> telling{"authorization", "if-none-match", "if-range",
                                                  "range"};

bool is_anybodys(const http::Request& request) {
  return request.method == "GET" && request.client_certificate.empty() &&
         request.target.find('?') == std::string::npos &&
         std::ranges::none_of(request.headers, [](const http::Header& each) {
           return std::ranges::find(telling, each.name) != telling.end();
         });
}

}  // namespace

std::optional<http::Response> QuickAnswers::find(const http::Request& request) {
  if (!version_ || !is_anybodys(request)) return std::nullopt;
  const auto now = version_();
  std::unordered_map<std::string, Kept> dropped;  // ends without the lock
  Kept found;
  {
    const std::scoped_lock lock(mutex_);
    if (!now || now != seen_) {
      dropped.swap(kept_);
      held_ = 0;
      seen_ = now;
      return std::nullopt;
    }
    const auto place = kept_.find(request.target);
    if (place == kept_.end()) return std::nullopt;
    found = place->second;
  }
  return *found;
}

std::optional<std::int64_t> QuickAnswers::seen() const {
  const std::scoped_lock lock(mutex_);
  return seen_;
}

void QuickAnswers::keep(const http::Request& request, const http::Response& response,
                        std::optional<std::int64_t> seen) {
  if (!seen || !is_anybodys(request) || response.status != 200 || response.content ||
      response.body.size() > largest) {
    return;
  }
  constexpr std::size_t around = 1024;  // headers and the like
  const std::size_t size = request.target.size() + response.body.size() + around;
  auto copy = std::make_shared<const http::Response>(response);
  std::unordered_map<std::string, Kept> dropped;
  const std::scoped_lock lock(mutex_);
  // If the catalogue was changed since then, all of it goes when somebody asks next.
  if (seen != seen_) return;
  if (held_ + size > room) {
    dropped.swap(kept_);
    held_ = 0;
  }
  if (kept_.emplace(request.target, std::move(copy)).second) held_ += size;
}

}  // namespace merlon::drawbridge
