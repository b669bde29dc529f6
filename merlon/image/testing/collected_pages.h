#pragma once

// For tests: a sink that keeps what it is given, page by page and in order.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <map>
#include <vector>

#include "merlon/core/check.h"
#include "merlon/image/layout.h"

namespace merlon::image::testing {

using PageBytes = std::array<std::uint8_t, page_size>;

struct Page {
  std::uint64_t address = 0;
  PageBytes bytes{};

  bool operator==(const Page&) const = default;
};

class CollectedPages final : public PageSink {
 public:
  core::Result<void> put(PageKind kind, std::uint64_t address, core::ByteView bytes) override {
    if (kind != PageKind::Normal) ++special_;
    if (address % page_size != 0) ++misplaced_;
    for (; !bytes.empty(); address += page_size) {
      const core::ByteView part = bytes.first(std::min<std::size_t>(bytes.size(), page_size));
      Page page{address, {}};
      std::copy(part.begin(), part.end(), page.bytes.begin());
      if (!index_.emplace(address, stream_.size()).second) ++repeated_;
      stream_.push_back(page);
      bytes = bytes.subspan(part.size());
    }
    return {};
  }

  /// In the order in which they came.
  [[nodiscard]] const std::vector<Page>& stream() const { return stream_; }
  /// Puts that were not at the start of a page, and pages that were put again.
  [[nodiscard]] std::size_t misplaced() const { return misplaced_; }
  [[nodiscard]] std::size_t repeated() const { return repeated_; }
  /// Puts of a kind other than Normal.
  [[nodiscard]] std::size_t special() const { return special_; }

  [[nodiscard]] bool has(std::uint64_t page) const { return index_.contains(page); }
  /// Whether any page that was put has a byte in [start, end).
  [[nodiscard]] bool has_any(std::uint64_t start, std::uint64_t end) const {
    const auto next = index_.lower_bound(start & ~(page_size - 1));
    return next != index_.end() && next->first < end;
  }
  /// A page of the machine's memory: what was put, or zeros.
  [[nodiscard]] const PageBytes& page(std::uint64_t physical) const {
    static constexpr PageBytes zeros{};
    const auto found = index_.find(physical & ~(page_size - 1));
    return found == index_.end() ? zeros : stream_[found->second].bytes;
  }
  /// A value that lies within one page.
  template <typename T>
  [[nodiscard]] T read(std::uint64_t physical) const {
    T value{};
    MERLON_CHECK(physical % page_size + sizeof(value) <= page_size);
    std::memcpy(&value, &page(physical)[physical % page_size], sizeof(value));
    return value;
  }

 private:
  std::vector<Page> stream_;
  std::map<std::uint64_t, std::size_t> index_;
  std::size_t misplaced_ = 0;
  std::size_t repeated_ = 0;
  std::size_t special_ = 0;
};

}  // namespace merlon::image::testing
