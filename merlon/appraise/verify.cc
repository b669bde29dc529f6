// merlon evidence verify: is this evidence to be trusted, and why not.

#include "merlon/appraise/commands.h"
#include "merlon/appraise/files.h"
#include "merlon/appraise/report.h"
#include "merlon/base/text.h"
#include "merlon/os/open.h"

namespace merlon::appraise {

using base::concat;

namespace {

Result<void> write_html(const std::string& path, const std::string& page) {
  const auto file = os::create_file(path);
  if (!file) {
    return Failure{concat(base::printable(path), ": cannot be made: ", os::describe(file.error())),
                   Status::Unusable};
  }
  if (const auto written = os::write_all(*file, core::as_bytes(page)); !written) {
    return Failure{concat(base::printable(path), ": ", os::describe(written.error())),
                   Status::Unusable};
  }
  return {};
}

Result<int> verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const verify::Policy policy = TRY(read_policy(arguments.value("--policy")));
  const codec::UnixTime now = TRY(read_time(arguments.value("--at")));
  evidence::Endorsements all = TRY(read_endorsements(arguments.values("--endorsements")));
  const auto bytes = TRY(read_bytes(path, evidence::max_evidence_size));
  const auto evidence = evidence::Evidence::parse(bytes);
  if (!evidence) return not_parsed(path, evidence.error());
  if (const auto merged = all.merge(evidence->endorsements); !merged) {
    return not_parsed(path, merged.error());
  }
  const verify::Appraisal appraisal =
      verify::appraise(*evidence, verify::Collateral::parse(all), policy, now);
  const Head head{path, std::string(evidence->format), all.size()};
  if (arguments.has("--html")) {
    TRY(write_html(arguments.value("--html"), to_html(head, appraisal)));
  }
  const int printed = cli::print(
      terminal, arguments.has("--json") ? to_json(head, appraisal) : to_text(head, appraisal));
  if (printed != 0) return printed;
  switch (appraisal.verdict) {
    case verify::Verdict::Accepted: return 0;
    case verify::Verdict::Refused: break;
  }
  return number(Status::Refused);
}

}  // namespace

int evidence_verify(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto status = verify(arguments, terminal);
  if (status) return *status;
  return cli::fail(terminal, status.error().text, number(status.error().status));
}

}  // namespace merlon::appraise
