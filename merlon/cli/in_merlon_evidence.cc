// The commands that judge, measure, sign or show evidence are merlon-evidence's: every start of a
// keep would pay for what they need, OpenSSL above all.

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/host/programs.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/process.h"

namespace merlon::cli {

using base::concat;

int in_merlon_evidence(const Arguments& arguments, const Terminal& terminal) {
  const int unusable = launch::number(launch::ExitStatus::Unusable);
  const auto program = host::find_program("merlon-evidence");
  if (!program) return fail(terminal, program.error().text, unusable);
  std::vector<std::string> words{"merlon"};
  words.insert(words.end(), arguments.words.begin(), arguments.words.end());
  const os::Errno error = os::become(*program, words);
  return fail(terminal, concat(*program, ": cannot be started: ", os::describe(error)), unusable);
}

}  // namespace merlon::cli
