// merlon evidence fetch: endorsements of evidence into a directory. The work is merlon-fetch's, so
// that no network library is part of this program.

#include <array>

#include "merlon/base/text.h"
#include "merlon/cli/evidence_files.h"
#include "merlon/cli/table.h"
#include "merlon/os/directory.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::cli {

using base::concat;

int evidence_fetch(const Arguments& arguments, const Terminal& terminal) {
  const int unusable = number(EvidenceStatus::Unusable);
  const std::string directory = arguments.positional(1);
  if (const auto there = os::open_directory(directory); !there) {
    return fail(terminal,
                concat(base::printable(directory),
                       ": endorsements cannot be put there: ", os::describe(there.error())),
                unusable);
  }
  const auto own = os::own_program();
  if (!own) return fail(terminal, "the path of this program is not known", unusable);
  const std::string program =
      concat(std::string_view(*own).substr(0, own->rfind('/') + 1), "merlon-fetch");
  const std::array<std::string, 7> words{"merlon-fetch",
                                         arguments.positional(0),
                                         directory,
                                         arguments.value("--intel-url"),
                                         arguments.value("--intel-root-url"),
                                         arguments.value("--amd-url"),
                                         arguments.value("--product")};
  const auto child = os::ChildProcess::spawn(program, words, os::BorrowedFd(2));
  if (!child) {
    return fail(terminal, concat(program, ": cannot be started: ", os::describe(child.error())),
                unusable);
  }
  const auto status = child->wait();
  if (!status || status->kind != os::ExitStatus::Kind::Exited) {
    return fail(terminal, "merlon-fetch was ended by a signal", unusable);
  }
  return status->value == 0 ? 0 : unusable;
}

}  // namespace merlon::cli
