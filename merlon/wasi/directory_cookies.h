#pragma once

// Small numbers for the places in a directory.
//
// File systems name places by 63 bits (ext4: a hash), but C libraries of wasm32 keep 32 bits of a
// cookie (telldir). So places are counted in the order in which they are met. A number stands for
// the same place as long as the directory is open, whatever is created or removed.

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "merlon/os/directory.h"
#include "merlon/wasi/failure.h"

namespace merlon::wasi {

/// How many places all directories of one guest may remember together.
class CookieBudget {
 public:
  explicit CookieBudget(std::size_t places) noexcept : left_(places) {}
  [[nodiscard]] bool take() noexcept {
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  void give_back(std::size_t places) noexcept { left_ += places; }

 private:
  std::size_t left_;
};

/// The numbers of one open directory; 0 is its start. When the budget is used up, new places are
/// told by the kernel's own number with bit 63 set, which the kernel never sets: listing goes on,
/// but what telldir() of wasm32 keeps of those is too little.
class DirectoryCookies {
 public:
  /// `budget` must outlive this.
  explicit DirectoryCookies(CookieBudget& budget) : budget_(budget) {}
  ~DirectoryCookies() { budget_.give_back(places_.size() - 1); }
  DirectoryCookies(const DirectoryCookies&) = delete;
  DirectoryCookies& operator=(const DirectoryCookies&) = delete;

  /// The kernel's place. Inval when `cookie` was never given out.
  [[nodiscard]] Result<std::uint64_t> place_of(DirCookie cookie) const noexcept;

  /// The cookie for `place`, which the kernel named as the one behind the entry at `cookie`.
  [[nodiscard]] DirCookie behind(DirCookie cookie, std::uint64_t place);

 private:
  static constexpr std::uint64_t kernels_own = std::uint64_t{1} << 63;

  void index_all();

  CookieBudget& budget_;
  std::vector<std::uint64_t> places_{0};
  bool ran_out_ = false;  // cookies with bit 63 were given out
  /// From place to number. Empty until a listing is not as the one before: who reads a directory
  /// once needs none.
  std::unordered_map<std::uint64_t, std::uint32_t> numbers_;
};

/// One directory as it is being listed.
struct DirectoryListing {
  explicit DirectoryListing(CookieBudget& budget) : cookies(budget) {}

  os::DirectoryReader reader;
  DirectoryCookies cookies;
};

}  // namespace merlon::wasi
