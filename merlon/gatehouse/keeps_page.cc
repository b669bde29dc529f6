#include "merlon/gatehouse/keeps_page.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/evidence/evidence.h"
#include "merlon/service/html.h"
#include "merlon/sgx/report_body.h"

namespace merlon::gatehouse {

using base::concat;
using service::code;
using service::escaped;
using service::row;

namespace {

constexpr std::string_view title = "Keeps of this gatehouse";
constexpr std::string_view heading = "Keeps";

std::string age_of(std::string_view made, codec::UnixTime now) {
  const auto time = codec::parse_rfc3339(made);
  if (!time || now < *time) return "";
  const std::int64_t seconds = now.seconds - time->seconds;
  struct Unit {
    std::int64_t seconds;
    std::string_view name;
  };
  constexpr auto units =
      std::array{Unit{86'400, "days"}, Unit{3'600, "hours"}, Unit{60, "minutes"}};
  for (const Unit& each : units) {
    if (seconds >= 2 * each.seconds) return concat(seconds / each.seconds, " ", each.name, " ago");
  }
  return concat(seconds, seconds == 1 ? " second ago" : " seconds ago");
}

std::string enclave_rows(const sgx::ReportBody& body) {
  return row("MRENCLAVE", code(base::hex(body.mr_enclave.view()))) +
         row("MRSIGNER", code(base::hex(body.mr_signer.view()))) +
         row("Debugging", body.is_debug()
                              ? "<span class=\"bad\">allowed: its host can read it</span>"
                              : "not allowed");
}

std::string snp_rows(const snp::Report& report) {
  std::string rows = row("Measurement", code(base::hex(report.measurement.view())));
  std::optional<snp::Product> product;
  if (report.cpuid) {
    product = snp::product_of_cpuid(report.cpuid->family, report.cpuid->model);
  }
  if (product) {
    const bool simulated = *product == snp::Product::Simulator;
    rows += row("Processor", concat(simulated ? "<span class=\"bad\">" : "<span>",
                                    escaped(snp::to_string(*product)), "</span>"));
    const auto tcb = snp::components(report.reported_tcb, *product);
    const unsigned loader = tcb.bootloader;
    const unsigned tee = tcb.tee;
    const unsigned firmware = tcb.snp;
    const unsigned microcode = tcb.microcode;
    rows += row("Reported TCB", concat("bootloader ", loader, ", TEE ", tee, ", SNP ", firmware,
                                       ", microcode ", microcode));
  }
  if (report.author_key_enabled) {
    rows += row("Author's key", code(base::hex(report.author_key_digest.view())));
  }
  rows += row("Debugging", report.policy.debug()
                               ? "<span class=\"bad\">allowed: its host can read it</span>"
                               : "not allowed");
  return rows;
}

/// What the proof says, or why it says nothing.
std::string proof_rows(const ListedKeep& keep) {
  if (!keep.proof) return row("Proof", "cannot be read");
  if (keep.proof->evidence.empty()) {
    return row("Proof", "<span class=\"bad\">none: nothing attests this keep</span>");
  }
  const auto parsed = evidence::Evidence::parse(keep.proof->evidence);
  if (!parsed) return row("Proof", "is no evidence that is known here");
  std::string rows = row("Proof", escaped(parsed->described()));
  if (const auto* const snp = std::get_if<evidence::SnpEvidence>(&parsed->report)) {
    rows += snp_rows(snp->report);
  }
  if (const auto* const sgx = std::get_if<evidence::SgxEvidence>(&parsed->report)) {
    rows += enclave_rows(sgx->report);
  }
  return rows;
}

std::string article(const ListedKeep& keep, codec::UnixTime now) {
  const std::string_view state = name_of(keep.state);
  const std::string age = age_of(keep.record.made, now);
  const host::Backend backend = keep.record.backend;
  std::string rows = row(
      "Backend", concat(escaped(host::name_of(backend)),
                        host::is_simulated(backend)
                            ? ", <span class=\"bad\">a simulation, which protects nothing</span>"
                            : ""));
  rows += row("Made", concat(escaped(keep.record.made), age.empty() ? "" : ", ", age));
  if (!keep.end.empty()) rows += row("End", concat(escaped(keep.end), ", by its host's word"));
  rows += proof_rows(keep);
  return concat("<article class=\"", state, "\"><h2>", code(keep.record.id),
                "<span class=\"state\">", state, "</span></h2>\n<dl>", rows, "</dl></article>\n");
}

}  // namespace

std::string keeps_page(const std::vector<ListedKeep>& keeps, codec::UnixTime now) {
  std::string content =
      "<article class=\"warn\"><p>This is what each keep's own proof says, as this gatehouse decodes "
      "it. Nothing here was judged, and nothing here has to be believed: a gatehouse could show "
      "anything. <code>merlon keeps evidence ID</code> judges a proof on your own machine, by your "
      "policy.</p></article>\n";
  if (keeps.empty()) content += "<p class=\"soft\">You have no keeps here.</p>\n";
  for (auto each = keeps.rbegin(); each != keeps.rend(); ++each) content += article(*each, now);
  return service::html_page(title, heading, content);
}

std::string stranger_page(std::string_view why) {
  return service::html_page(
      title, heading, concat("<article class=\"warn\"><p>", escaped(why), ".</p></article>\n"));
}

}  // namespace merlon::gatehouse
