#pragma once

// Small numbers for the places in a directory.
//
// File systems name places by 63 bits (ext4: a hash), but C libraries of wasm32 keep 32 bits of a
// cookie (telldir). So places are counted in the order in which they are met. A number stands for
// the same place as long as the directory is open, whatever is created or removed.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "merlon/os/directory.h"
#include "merlon/wasi/failure.h"

namespace merlon::wasi {

/// How many places all directories of one guest may remember together, and how many of them what
/// they have read ahead.
class CookieBudget {
 public:
  explicit CookieBudget(std::size_t places) noexcept : left_(places) {}
  [[nodiscard]] bool take() noexcept {
    if (left_ == 0) return false;
    --left_;
    return true;
  }
  void give_back(std::size_t places) noexcept { left_ += places; }

  /// Whether one more directory may keep a reader, which takes 8 KiB.
  [[nodiscard]] bool take_reader() noexcept {
    if (readers_left_ == 0) return false;
    --readers_left_;
    return true;
  }
  void give_back_reader() noexcept { ++readers_left_; }

 private:
  std::size_t left_;
  std::size_t readers_left_ = 64;
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

/// One directory as it is being listed. Its reader is its own while there is room for one, and else
/// a `passing` one, good for one call: it asks the kernel anew.
class DirectoryListing {
 public:
  explicit DirectoryListing(CookieBudget& budget) : cookies(budget), budget_(budget) {
    if (budget.take_reader()) own_ = std::make_unique<os::DirectoryReader>();
  }
  ~DirectoryListing() {
    if (own_) budget_.give_back_reader();
  }
  DirectoryListing(const DirectoryListing&) = delete;
  DirectoryListing& operator=(const DirectoryListing&) = delete;

  [[nodiscard]] os::DirectoryReader& reader(std::unique_ptr<os::DirectoryReader>& passing) {
    if (own_) return *own_;
    passing = std::make_unique<os::DirectoryReader>();
    return *passing;
  }

  DirectoryCookies cookies;

 private:
  CookieBudget& budget_;
  std::unique_ptr<os::DirectoryReader> own_;
};

}  // namespace merlon::wasi
