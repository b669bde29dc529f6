#include "merlon/cli_evidence/show.h"

#include <sys/ioctl.h>

#include "merlon/cli_evidence/files.h"
#include "merlon/os/file.h"
#include "merlon/os/ioctl.h"

namespace merlon::cli_evidence {

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

}  // namespace

int show(const cli::Arguments& arguments, const cli::Terminal& terminal, const report::Head& head,
         const verify::Appraisal& appraisal) {
  // The answer first: a page that cannot be written must not take it along.
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

}  // namespace merlon::cli_evidence
