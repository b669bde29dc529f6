#include "merlon/keep/report.h"

#include "merlon/base/text.h"
#include "merlon/core/bytes.h"
#include "merlon/os/open.h"

namespace merlon::keep {

namespace {
constexpr os::BorrowedFd standard_error{2};
}

void report(std::string_view text) {
  // Where standard error is gone there is nobody left to tell.
  static_cast<void>(
      os::write_all(standard_error, core::as_bytes(base::concat("merlon: ", text, "\n"))));
}

void report_time_limit() noexcept {
  static_cast<void>(
      os::write_all(standard_error, core::as_bytes("merlon: the time limit is over\n")));
}

}  // namespace merlon::keep
