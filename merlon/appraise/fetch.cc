// merlon evidence fetch: endorsements of evidence into a directory. The work is merlon-fetch's, so
// that no network library is part of this program. It also reads the evidence, once, and makes the
// directory only when there is something to fetch.

#include <array>

#include "merlon/appraise/commands.h"
#include "merlon/appraise/files.h"
#include "merlon/base/text.h"
#include "merlon/host/programs.h"
#include "merlon/os/process.h"

namespace merlon::appraise {

using base::concat;

int evidence_fetch(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const int unusable = number(Status::Unusable);
  const auto program = host::find_program("merlon-fetch");
  if (!program) return cli::fail(terminal, program.error().text, unusable);
  const std::array<std::string, 7> words{"merlon-fetch",
                                         arguments.positional(0),
                                         arguments.positional(1),
                                         arguments.value("--intel-url"),
                                         arguments.value("--intel-root-url"),
                                         arguments.value("--amd-url"),
                                         arguments.value("--product")};
  const auto child = os::ChildProcess::spawn(*program, words, os::BorrowedFd(2));
  if (!child) {
    return cli::fail(
        terminal, concat(*program, ": cannot be started: ", os::describe(child.error())), unusable);
  }
  const auto status = child->wait();
  if (!status || status->kind != os::ExitStatus::Kind::Exited) {
    return cli::fail(terminal, "merlon-fetch was ended by a signal", unusable);
  }
  const bool known = status->value == 0 || status->value == number(Status::NotJudged);
  return known ? status->value : unusable;
}

}  // namespace merlon::appraise
