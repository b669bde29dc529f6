// merlon evidence policy init, merlon evidence policy check.

#include "merlon/base/text.h"
#include "merlon/cli/evidence_files.h"
#include "merlon/cli/table.h"
#include "merlon/os/open.h"

namespace merlon::cli {

using base::concat;

int evidence_policy_init(const Arguments& arguments, const Terminal& terminal) {
  const std::string given = arguments.positional(0);
  const std::string path = given.empty() ? "policy.toml" : given;
  const int refused = number(EvidenceStatus::Unusable);
  const auto file = os::create_file(path);
  if (!file) {
    return fail(terminal,
                concat(base::printable(path), ": cannot be made: ", os::describe(file.error())),
                refused);
  }
  const auto written = os::write_all(*file, core::as_bytes(verify::policy_template()));
  if (!written) {
    return fail(terminal, concat(base::printable(path), ": ", os::describe(written.error())),
                refused);
  }
  return 0;
}

int evidence_policy_check(const Arguments& arguments, const Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const auto policy = read_policy(path);
  if (!policy) return fail(terminal, policy.error().text, number(policy.error().status));
  std::string text = concat(base::printable(path), ": a policy that accepts");
  for (const evidence::Technology technology : policy->technologies) {
    text += concat(" ", to_string(technology));
  }
  text += "\n";
  if (policy->revocation == verify::RevocationRule::IfPresent) {
    text += "  weak: a missing revocation list is allowed\n";
  }
  if (policy->sgx.debug || policy->tdx.debug || policy->snp.debug) {
    text += "  weak: debugging is allowed, so the host can read everything\n";
  }
  if (!policy->roots.empty()) text += "  other roots than the vendors' are trusted\n";
  if (policy->sgx.mr_enclave.is_any() && policy->sgx.mr_signer.is_any() &&
      policy->technologies.contains(evidence::Technology::Sgx)) {
    text += "  any SGX enclave is accepted\n";
  }
  if (policy->tdx.mr_td.is_any() && policy->technologies.contains(evidence::Technology::Tdx)) {
    text += "  any TDX domain is accepted\n";
  }
  if (policy->snp.measurement.is_any() && policy->snp.author_key.is_any() &&
      policy->snp.id_key.is_any() && policy->technologies.contains(evidence::Technology::Snp)) {
    text += "  any SEV-SNP guest is accepted\n";
  }
  return print(terminal, text);
}

}  // namespace merlon::cli
