// merlon evidence fetch: endorsements of evidence, or of a kind of platform, into a directory. The
// work is merlon-fetch's, so that no network library is part of this program. It also reads the
// evidence, once, and makes the directory only when there is something to fetch.

#include "merlon/cli_evidence/fetch.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/host/programs.h"
#include "merlon/os/process.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

/// The file of evidence, empty if a platform is named in its place, and the directory.
struct Places {
  std::string file;
  std::string directory;
};

Result<Places> places_of(const cli::Arguments& arguments) {
  const bool platform = arguments.has("--platform");
  const std::string first = arguments.positional(0);
  const std::string second = arguments.positional(1);
  if (platform && !second.empty()) {
    return Failure{"with --platform there is a directory and no FILE", Status::Usage};
  }
  if (platform && arguments.has("--product")) {
    return Failure{"--product is of a report, and with --platform there is none", Status::Usage};
  }
  if (!platform && second.empty()) return Failure{"DIR is missing", Status::Usage};
  // No file's name is an option of merlon-fetch.
  return platform ? Places{"", first}
                  : Places{first.starts_with("--") ? "./" + first : first, second};
}

}  // namespace

int run_fetch(std::span<const std::string> words, const cli::Terminal& terminal) {
  const int unusable = number(Status::Unusable);
  const auto program = host::find_program("merlon-fetch");
  if (!program) return cli::fail(terminal, program.error().text, unusable);
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

int evidence_fetch(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto places = places_of(arguments);
  if (!places) {
    return cli::fail(terminal, concat(places.error().text, "; see merlon evidence fetch --help"),
                     number(places.error().status));
  }
  const std::array<std::string, 8> words{"merlon-fetch",
                                         places->file,
                                         places->directory,
                                         arguments.value("--intel-url"),
                                         arguments.value("--intel-root-url"),
                                         arguments.value("--amd-url"),
                                         arguments.value("--product"),
                                         arguments.value("--platform")};
  return run_fetch(words, terminal);
}

}  // namespace merlon::cli_evidence
