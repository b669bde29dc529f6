#include "merlon/cli_deploy/judge.h"

#include "merlon/base/text.h"
#include "merlon/cli/launch_options.h"
#include "merlon/cli_evidence/moment.h"
#include "merlon/crypto/hash.h"
#include "merlon/host/programs.h"
#include "merlon/image/world.h"
#include "merlon/measure/keep_digest.h"
#include "merlon/report/report.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

/// Where no policy is named: the keep that this installation would launch, on genuine hardware.
Result<verify::Policy> own_policy() {
  const auto programs = host::machine_programs();
  if (!programs) return Failure{programs.error().text, Status::Unusable};
  const auto measured =
      measure::launch_digest(programs->shim.bytes, programs->keep.bytes, sallyport::World::Ring0);
  if (!measured) {
    return Failure{"the own keep cannot be measured; name a policy (--policy)", Status::Unusable};
  }
  verify::Policy policy;
  policy.technologies = {evidence::Technology::Snp};
  policy.snp.measurement = verify::Accept<snp::LaunchDigest>({measured->digest});
  // An installation may be without the programs for enclaves.
  if (const auto enclave = host::enclave_programs()) {
    const auto expected = measure::enclave_digest(enclave->shim.bytes, enclave->keep.bytes);
    if (!expected) {
      return Failure{"the own enclave cannot be measured; name a policy (--policy)",
                     Status::Unusable};
    }
    policy.technologies.insert(evidence::Technology::Sgx);
    policy.sgx.mr_enclave = verify::Accept<sgx::MrEnclave>({expected->mr_enclave});
  }
  return policy;
}

/// A policy that would take any keep is none for somebody who gives a secret away.
Result<void> check_names_keep(const verify::Policy& policy, const std::string& path) {
  for (const evidence::Technology each : policy.technologies) {
    if (verify::compares_workload(policy, each)) continue;
    return Failure{
        concat(base::printable(path), ": compares no measurement and no signer of ",
               evidence::to_string(each), ": whatever program runs there would get the workload"),
        Status::Unusable};
  }
  return {};
}

Result<crypto::X25519PublicKey> key_of(const launch::Proof& proof) {
  const auto key = crypto::X25519PublicKey::from(proof.hpke_key);
  if (!key) return Failure{"the keep names no key that one could seal to", Status::Refused};
  return *key;
}

}  // namespace

Result<Judge> Judge::prepare(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  std::optional<verify::Policy> policy;
  if (const std::string path = arguments.value("--policy"); !path.empty()) {
    if (arguments.has("--insecure-backend")) {
      return Failure{
          "--policy says what a keep's evidence must hold, and --insecure-backend wants none: name "
          "one of them",
          Status::Usage};
    }
    policy = TRY(cli_evidence::read_policy(path)).policy;
    TRY(check_names_keep(*policy, path));
  }
  auto given = TRY(cli_evidence::read_endorsements(arguments.values("--endorsements")));
  for (const std::string& each : given.remarks) cli_evidence::remark(terminal, each);
  return Judge(arguments, terminal, std::move(policy), std::move(given.all));
}

/// Nothing speaks for the keep but its host, who may have left the evidence out.
Result<crypto::X25519PublicKey> Judge::without_evidence(const launch::Proof& proof) const {
  const auto wanted = cli::choose_backend(arguments_, terminal_);
  if (wanted && *wanted && host::is_attested(**wanted)) {
    return Failure{concat("a keep of ", host::name_of(**wanted),
                          " proves itself, and this one has no evidence; nothing was delivered"),
                   Status::Refused};
  }
  if (!arguments_.has("--insecure-backend")) {
    return Failure{
        "nothing attests this keep: the owner of its machine can read the workload; "
        "--insecure-backend delivers it even so",
        Status::Refused};
  }
  cli_evidence::remark(terminal_,
                       "nothing attests this keep: the owner of its machine can read the workload");
  return key_of(proof);
}

verify::BindToChallenge binding_of(const launch::Proof& proof, const delivery::Nonce& nonce) {
  return {crypto::sha256({proof.tls_key}), crypto::sha256({proof.hpke_key}),
          evidence::Nonce::from(nonce.view()).value()};
}

Result<Judge::Found> Judge::appraise(const launch::Proof& proof,
                                     const verify::BindToChallenge& binding) const {
  verify::Policy policy = policy_ ? *policy_ : TRY(own_policy());
  policy.binding = binding;
  const std::string memory_file = cli_evidence::memory_file_of(arguments_, terminal_);
  const verify::Moment moment = TRY(cli_evidence::moment_of(arguments_, memory_file));
  auto evidence = evidence::Evidence::parse(proof.evidence);
  if (!evidence) return cli_evidence::not_parsed("the keep's evidence", evidence.error());
  evidence::Endorsements carried = evidence->endorsements;
  if (!proof.certificates.empty()) {
    // A table, whatever its first entry is, or what hosts with SGX have.
    const bool is_table = evidence->technology() == evidence::Technology::Snp;
    if (is_table) static_cast<void>(carried.add_table(proof.certificates));
    if (!is_table) static_cast<void>(carried.add(proof.certificates));
  }
  auto collateral = verify::Collateral::parse(endorsements_, carried);
  auto appraisal = verify::appraise(*evidence, collateral, policy, moment);
  if (!memory_file.empty()) cli_evidence::remember(terminal_, memory_file, appraisal.seen);
  return Found{*std::move(evidence), std::move(collateral), std::move(policy), std::move(appraisal),
               endorsements_.size() + carried.size()};
}

Result<crypto::X25519PublicKey> Judge::judge(const launch::Proof& proof,
                                             const delivery::Nonce& nonce) const {
  if (proof.evidence.empty()) return without_evidence(proof);
  const Found found = TRY(appraise(proof, binding_of(proof, nonce)));
  switch (found.appraisal.verdict) {
    case verify::Verdict::Accepted: return key_of(proof);
    case verify::Verdict::Refused: break;
  }
  for (const verify::Finding& each : found.appraisal.findings) {
    if (each.passed) continue;
    cli_evidence::remark(terminal_, concat(verify::row_of(each.check).name, ": wanted ",
                                           each.wanted, "; got ", each.got));
  }
  return Failure{"the keep's evidence is refused; nothing was delivered", Status::Refused};
}

}  // namespace merlon::cli_deploy
