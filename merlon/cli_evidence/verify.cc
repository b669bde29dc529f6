// merlon evidence verify: is this evidence to be trusted, and why not.

#include <sys/ioctl.h>

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/cli_evidence/moment.h"
#include "merlon/os/file.h"
#include "merlon/os/ioctl.h"
#include "merlon/report/report.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

/// As it was asked for, and as standard output can take it.
report::TextLook look_of(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const os::BorrowedFd out(1);
  report::TextLook look;
  look.only_failures = arguments.has("--quiet");
  if (!os::is_terminal(out)) return look;
  look.colours = terminal.variable("NO_COLOR").empty() && terminal.variable("TERM") != "dumb";
  ::winsize size{};
  if (os::control_with(out, TIOCGWINSZ, &size) && size.ws_col > 0) look.width = size.ws_col;
  return look;
}

/// The answer first: a page that cannot be written must not take it along.
int show(const cli::Arguments& arguments, const cli::Terminal& terminal, const report::Head& head,
         const verify::Appraisal& appraisal) {
  using base::Printable;
  const report::TextLook look = look_of(arguments, terminal);
  const int printed =
      arguments.has("--json")
          ? cli::print(terminal, report::to_json(head, appraisal))
          : cli::print(terminal, report::to_text(head, appraisal, look),
                       look.colours ? Printable::Colours::Kept : Printable::Colours::Escaped);
  if (arguments.has("--html")) {
    const auto page =
        write_file(arguments.value("--html"), Printable::lines(report::to_html(head, appraisal)));
    if (!page) {
      const int failed = cli::fail(terminal, page.error().text, number(page.error().status));
      return printed != 0 ? printed : failed;
    }
  }
  if (printed != 0) return printed;
  switch (appraisal.verdict) {
    case verify::Verdict::Accepted: return 0;
    case verify::Verdict::Refused: break;
  }
  return number(Status::Refused);
}

Result<int> verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const std::string policy_path = arguments.value("--policy");
  const auto [policy, has_keys] = TRY(read_policy(policy_path));
  const std::string memory_file = memory_file_of(arguments, terminal);
  const verify::Moment moment = TRY(moment_of(arguments, memory_file));
  auto [all, directory, remarks, passed_over] =
      TRY(read_endorsements(arguments.values("--endorsements")));
  const auto bytes = TRY(read_bytes(path, evidence::max_evidence_size));
  const auto evidence = evidence::Evidence::parse(bytes);
  if (!evidence) return not_parsed(path, evidence.error());
  if (!has_keys) {
    remark(terminal,
           concat(base::printable(policy_path), ": asks for nothing: any workload is accepted"));
  }
  for (const std::string& each : remarks) remark(terminal, each);
  for (const std::string& each : evidence->notes) {
    remark(terminal, concat(base::printable(path), ": ", each));
  }
  const auto collateral = verify::Collateral::parse(all, evidence->endorsements);
  const verify::Appraisal appraisal = verify::appraise(*evidence, collateral, policy, moment);
  if (!memory_file.empty()) remember(terminal, memory_file, appraisal.seen);
  const bool for_now = arguments.value("--at").empty();
  const report::Head head{path,
                          std::string(evidence->format),
                          evidence->wrappings,
                          all.size() + evidence->endorsements.size(),
                          passed_over,
                          crypto::sha256({bytes}),
                          policy_path,
                          policy.form,
                          report::hints({path, directory, for_now}, *evidence, appraisal),
                          collateral.certificates};
  return show(arguments, terminal, head, appraisal);
}

}  // namespace

int evidence_verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto status = verify(arguments, terminal);
  if (status) return *status;
  return cli::fail(terminal, status.error().text, number(status.error().status));
}

}  // namespace merlon::cli_evidence
