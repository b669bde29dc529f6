#include "merlon/keep/report.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "merlon/base/text.h"
#include "merlon/core/bytes.h"
#include "merlon/os/call_filter.h"
#include "merlon/os/open.h"

namespace merlon::keep {

namespace {

constexpr os::BorrowedFd standard_error{2};

/// A line of bounded size without a heap, for signal handlers.
class ShortLine {
 public:
  ShortLine& operator<<(std::string_view text) noexcept {
    const std::size_t size = std::min(text.size(), bytes_.size() - size_);
    std::copy_n(text.begin(), size, bytes_.begin() + size_);
    size_ += size;
    return *this;
  }
  ShortLine& operator<<(int number) noexcept {
    std::array<char, 12> digits{};
    const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return *this << std::string_view(digits.data(), end);
  }
  [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, 160> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

void report(const base::Printable& text) {
  // Where standard error is gone there is nobody left to tell.
  static_cast<void>(
      os::write_all(standard_error, core::as_bytes(base::concat("merlon: ", text.text(), "\n"))));
}

void report(std::string_view line) { report(base::Printable::line(line)); }

void report_time_limit() noexcept {
  static_cast<void>(
      os::write_all(standard_error, core::as_bytes("merlon: the time limit is over\n")));
}

void report_refused_call(int number) noexcept {
  const std::string_view name = os::call_name(number);
  ShortLine line;
  line << "merlon: the keep was ended: it tried ";
  if (number == foreign_call) {
    line << "a 32-bit system call";
  } else {
    line << "the system call " << (name.empty() ? "of a newer kernel" : name) << " (" << number
         << ")";
  }
  line << ", which it may not make\n";
  static_cast<void>(os::write_all(standard_error, core::as_bytes(line.text())));
}

}  // namespace merlon::keep
