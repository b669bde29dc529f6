#include "merlon/wasi/directory_cookies.h"

namespace merlon::wasi {

Result<std::uint64_t> DirectoryCookies::place_of(DirCookie cookie) const noexcept {
  if (ran_out_ && (cookie & kernels_own) != 0) return cookie & ~kernels_own;
  if (cookie >= places_.size()) return fail(Errno::Inval);
  return places_[static_cast<std::size_t>(cookie)];
}

DirCookie DirectoryCookies::behind(DirCookie cookie, std::uint64_t place) {
  if ((cookie & kernels_own) != 0) return place | kernels_own;
  const auto next = static_cast<std::size_t>(cookie) + 1;
  if (next < places_.size()) {
    if (places_[next] == place) return next;
    if (numbers_.empty()) index_all();  // entries came or went since this was listed
  }
  const auto known = numbers_.find(place);
  if (known != numbers_.end()) return known->second;
  if (!budget_.take()) {
    ran_out_ = true;
    return place | kernels_own;
  }
  const auto number = static_cast<std::uint32_t>(places_.size());
  places_.push_back(place);
  if (!numbers_.empty()) numbers_.emplace(place, number);
  return number;
}

void DirectoryCookies::index_all() {
  for (std::size_t i = 1; i < places_.size(); ++i) {
    numbers_.emplace(places_[i], static_cast<std::uint32_t>(i));
  }
}

}  // namespace merlon::wasi
