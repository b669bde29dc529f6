#pragma once

// This process's standard streams as those of a workload elsewhere.

#include "merlon/base/text.h"
#include "merlon/cli/table.h"
#include "merlon/cli_deploy/talk.h"
#include "merlon/os/open.h"

namespace merlon::cli_deploy {

/// What the workload writes goes out as it is, as if it ran here.
class Streams final : public Listener {
 public:
  explicit Streams(const cli::Terminal& terminal) noexcept : terminal_(terminal) {}

  void output(core::ByteView bytes) override { write(1, bytes); }
  void errors(core::ByteView bytes) override { write(2, bytes); }
  void remark(std::string_view text) override {
    static_cast<void>(terminal_.err(base::Printable::lines(base::concat("merlon: ", text, "\n"))));
  }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  void write(int number, core::ByteView bytes) {
    const auto written = os::write_all(os::BorrowedFd(number), bytes);
    if (!written && trouble_.empty()) {
      trouble_ = base::concat(number == 1 ? "standard output: " : "standard error: ",
                              os::describe(written.error()));
    }
  }

  const cli::Terminal& terminal_;
  std::string trouble_;
};

}  // namespace merlon::cli_deploy
