#include "merlon/cli_registry/progress.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/os/clock.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;

namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::uint64_t redraw = second / 5;

std::uint64_t now() { return os::now(os::Clock::Monotonic).value_or(0); }

/// To the terminal that standard error is; of our own words alone.
void draw(std::string_view text) {
  const std::string line = concat("\r\x1b[K", text);
  static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(std::string_view(line))));
}

}  // namespace

std::string size_text(std::uint64_t bytes) {
  constexpr std::uint64_t unit = 1024;
  if (bytes < unit) return concat(bytes, " B");
  constexpr auto names = std::array{"KiB", "MiB", "GiB", "TiB"};
  std::size_t name = 0;
  std::uint64_t below = unit;
  while (name + 1 < names.size() && bytes / below >= unit) {
    below *= unit;
    ++name;
  }
  const std::uint64_t tenths = bytes / (below / 10);
  return concat(tenths / 10, ".", tenths % 10, " ", names[name]);
}

std::string progress_text(std::uint64_t done, std::uint64_t all, std::uint64_t nanoseconds) {
  std::string text = concat(size_text(done), " of ", size_text(all));
  const std::uint64_t milliseconds = nanoseconds / 1'000'000;
  if (milliseconds == 0 || done == 0) return text;
  const std::uint64_t rate = done * 1000 / milliseconds;
  text += concat(", ", size_text(rate), "/s");
  if (rate > 0 && done < all) text += concat(", ", (all - done) / rate + 1, " s left");
  return text;
}

ProgressLine::ProgressLine() noexcept : shows_(os::is_terminal(os::BorrowedFd(2))), begun_(now()) {}

ProgressLine::~ProgressLine() {
  if (last_ != 0) draw("");
}

void ProgressLine::tell(std::uint64_t done, std::uint64_t all) {
  if (!shows_) return;
  const std::uint64_t time = now();
  if (time < begun_ + second || time < last_ + redraw) return;
  last_ = time;
  draw(progress_text(done, all, time - begun_));
}

}  // namespace merlon::cli_registry
