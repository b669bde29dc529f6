// merlon evidence policy init, merlon evidence policy check.

#include "merlon/appraise/commands.h"
#include "merlon/appraise/files.h"
#include "merlon/base/text.h"
#include "merlon/os/open.h"

namespace merlon::appraise {

using base::concat;

int evidence_policy_init(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string given = arguments.positional(0);
  const std::string path = given.empty() ? "policy.toml" : given;
  const int refused = number(Status::Unusable);
  const auto file = os::create_file(path);
  if (!file) {
    return cli::fail(
        terminal, concat(base::printable(path), ": cannot be made: ", os::describe(file.error())),
        refused);
  }
  const auto written = os::write_all(*file, core::as_bytes(verify::policy_template()));
  if (!written) {
    return cli::fail(terminal, concat(base::printable(path), ": ", os::describe(written.error())),
                     refused);
  }
  return 0;
}

namespace {

/// What is weak about it, a line each.
std::string weaknesses(const verify::Policy& policy) {
  using enum evidence::Technology;
  std::string text;
  const auto say = [&](bool weak, std::string_view what) {
    if (weak) text += concat("  weak: ", what, "\n");
  };
  const auto has = [&](evidence::Technology technology) {
    return policy.technologies.contains(technology);
  };
  say(policy.technologies.empty(), "no technology is accepted, so nothing is");
  say(policy.revocation == verify::RevocationRule::IfPresent,
      "a missing revocation list is allowed");
  say((has(Sgx) && policy.sgx.debug) || (has(Tdx) && policy.tdx.debug) ||
          (has(Snp) && policy.snp.debug),
      "debugging is allowed, so the host can read everything");
  say(!policy.roots.empty(), "other roots than the vendors' are trusted");
  say(std::holds_alternative<verify::BindToAnything>(policy.binding),
      "any report data is accepted, so an old answer is as good as a new one");
  const bool any_enclave = policy.sgx.mr_enclave.is_any();
  const bool any_signer = policy.sgx.mr_signer.is_any();
  say(has(Sgx) && any_enclave && any_signer, "any SGX enclave is accepted");
  say(has(Sgx) && any_enclave && !any_signer && !policy.sgx.product_id,
      "every product of an SGX signer is accepted: name product_id");
  say(has(Tdx) && policy.tdx.mr_td.is_any(), "any TDX domain is accepted");
  say(has(Snp) && policy.snp.measurement.is_any() && policy.snp.author_key.is_any() &&
          policy.snp.id_key.is_any(),
      "any SEV-SNP guest is accepted");
  return text;
}

}  // namespace

int evidence_policy_check(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const auto policy = read_policy(path);
  if (!policy) return cli::fail(terminal, policy.error().text, number(policy.error().status));
  std::string text = concat(base::printable(path), ": a policy that accepts");
  for (const evidence::Technology technology : policy->technologies) {
    text += concat(" ", to_string(technology));
  }
  if (policy->technologies.empty()) text += " nothing";
  return cli::print(terminal, concat(text, "\n", weaknesses(*policy)));
}

}  // namespace merlon::appraise
