// The commands that judge, measure, sign or show evidence are merlon-evidence's: every start of a
// keep would pay for what they need, OpenSSL above all. Those that deliver to keeps are
// merlon-deploy's, those that ask registries of packages merlon-registry's, and those that admit
// holders of credentials merlon-credential's.

#include "merlon/base/text.h"
#include "merlon/cli/handlers.h"
#include "merlon/host/programs.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/process.h"

namespace merlon::cli {

using base::concat;

namespace {

int in_program(std::string_view name, const Arguments& arguments, const Terminal& terminal) {
  const int unusable = launch::number(launch::ExitStatus::Unusable);
  const auto program = host::find_program(name);
  if (!program) return fail(terminal, program.error().text, unusable);
  std::vector<std::string> words{"merlon"};
  words.insert(words.end(), arguments.words.begin(), arguments.words.end());
  const os::Errno error = os::become(*program, words);
  return fail(terminal, concat(*program, ": cannot be started: ", os::describe(error)), unusable);
}

}  // namespace

int in_merlon_evidence(const Arguments& arguments, const Terminal& terminal) {
  return in_program("merlon-evidence", arguments, terminal);
}

int in_merlon_deploy(const Arguments& arguments, const Terminal& terminal) {
  return in_program("merlon-deploy", arguments, terminal);
}

int in_merlon_credential(const Arguments& arguments, const Terminal& terminal) {
  return in_program("merlon-credential", arguments, terminal);
}

int in_merlon_registry(const Arguments& arguments, const Terminal& terminal) {
  return in_program("merlon-registry", arguments, terminal);
}

}  // namespace merlon::cli
