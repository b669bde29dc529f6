#include "merlon/cli_evidence/weaknesses.h"

#include <algorithm>
#include <chrono>

#include "merlon/base/text.h"

namespace merlon::cli_evidence {

namespace {

class Weaknesses {
 public:
  void say(bool weak, std::string_view what, std::string_view advice = {}) {
    if (weak) all_.push_back({std::string(what), advice});
  }
  void say_waived(std::string_view of, std::span<const verify::Waiver> waivers) {
    std::string names;
    for (const verify::Waiver& each : waivers) {
      names += base::concat(names.empty() ? "" : ", ", base::printable(each.name, 40));
    }
    say(!names.empty(), base::concat("known weaknesses of ", of, " are waived: ", names));
  }
  [[nodiscard]] std::vector<Weakness> all() && { return std::move(all_); }

 private:
  std::vector<Weakness> all_;
};

/// Unlike !is_any(), not so of a list that accepts none: then there is nothing to be weak.
template <typename T>
bool names_some(const verify::Accept<T>& accept) {
  return !accept.values().empty();
}

template <typename T>
bool accepts_none(const verify::Accept<T>& accept) {
  return !accept.is_any() && accept.values().empty();
}

void common(const verify::Policy& policy, Weaknesses& found) {
  using enum evidence::Technology;
  const auto has = [&](evidence::Technology technology) {
    return policy.technologies.contains(technology);
  };
  found.say(policy.revocation == verify::RevocationRule::IfPresent,
            "a missing revocation list is allowed");
  found.say(policy.carried_lists,
            "a revocation list that comes along with the evidence can say that nothing is revoked, "
            "and who sends the evidence chooses which");
  found.say((has(Sgx) && policy.sgx.debug) || (has(Tdx) && policy.tdx.debug) ||
                (has(Snp) && policy.snp.debug),
            "debugging is allowed, so the host can read everything");
  found.say(!policy.roots.empty(), "other roots than the vendors' are trusted");
  found.say(std::holds_alternative<verify::BindToAnything>(policy.binding),
            "any report data is accepted, so an old answer is as good as a new one");
  const auto* request = std::get_if<verify::BindToRequest>(&policy.binding);
  found.say(request != nullptr && !request->required,
            "evidence outside of a request may be old or another's",
            "name report_data, or request = true");
}

/// What SGX and TDX share.
void dcap(const verify::DcapPolicy& policy, Weaknesses& found) {
  using enum sgx::TcbStatus;
  found.say(
      policy.statuses.contains(OutOfDate) || policy.statuses.contains(OutOfDateConfigurationNeeded),
      "a platform that is out of date is accepted, with holes that Intel has closed since");
  found.say_waived("Intel's platforms", policy.waivers);
}

void sgx_enclave(const verify::Policy& all, Weaknesses& found) {
  const verify::SgxPolicy& policy = all.sgx;
  // Before version 3 there was no TCB info for TDX.
  found.say(all.dcap.tcb_info_v2,
            "TCB info of version 2 is accepted, which Intel no longer issues");
  const bool any_enclave = policy.mr_enclave.is_any();
  const bool signer_alone = any_enclave && names_some(policy.mr_signer);
  found.say(any_enclave && policy.mr_signer.is_any(), "any SGX enclave is accepted");
  found.say(signer_alone && !policy.product_id, "every product of an SGX signer is accepted",
            "name product_id");
  found.say(policy.config_id.is_any(),
            "any configuration id of an SGX enclave is accepted, and who launches it chooses that");
  found.say(signer_alone && policy.min_svn == 0,
            "every version of an SGX signer's enclave is accepted", "name min_svn");
}

void tdx_domain(const verify::TdxPolicy& policy, Weaknesses& found) {
  found.say(policy.mr_td.is_any(), "any TDX domain is accepted");
  const bool any_kernel = policy.rt_mr[1].is_any() || policy.rt_mr[2].is_any();
  found.say(
      names_some(policy.mr_td) && any_kernel,
      "mr_td measures only the firmware of a TDX domain, rt_mr1 its kernel and rt_mr2 what that is given",
      "name both");
  found.say(
      policy.mr_config_id.is_any() || policy.mr_owner.is_any() || policy.mr_owner_config.is_any(),
      "any owner or configuration of a TDX domain is accepted, and who launches it chooses "
      "that");
  found.say(policy.mr_service_td.is_any(), "any service domain may be bound to a TDX domain");
  found.say(policy.migration,
            "migration of a TDX domain is allowed, to a platform that is not judged here");
}

bool has_floor(const verify::SnpPolicy& policy) {
  return policy.min_reported_tcb != snp::TcbComponents{} ||
         policy.min_launch_tcb != snp::TcbComponents{} ||
         policy.min_firmware != snp::FirmwareVersion{} || policy.launch_mitigations != 0 ||
         policy.current_mitigations != 0;
}

void snp_platform(const verify::SnpPolicy& policy, Weaknesses& found) {
  found.say(policy.provisional_firmware,
            "provisional SEV-SNP firmware is accepted, which the host can take back");
  found.say_waived("AMD's firmware", policy.waivers);
  constexpr auto alias_check = static_cast<std::size_t>(snp::PlatformBit::AliasCheckComplete);
  found.say(policy.platform[alias_check] != verify::BitRule::Set,
            "memory modules that show one place under two addresses are accepted (AMD-SB-3015)",
            "name alias-check in platform_on");
  found.say(!policy.product.is_any() && policy.product.contains(snp::Product::Simulator),
            "a simulator's evidence is accepted, behind which there is no hardware at all",
            "leave SIMULATOR out of products");
  const auto products = std::ranges::count_if(
      snp::all_products, [&](snp::Product product) { return policy.product.contains(product); });
  found.say(
      has_floor(policy) && products > 1,
      "an SEV-SNP floor is asked of several products, and numbers of one mean nothing for another",
      "name one in products");
}

/// Whether a list has a key. Zero stands for none.
template <typename T>
bool names_key(const verify::Accept<T>& accept) {
  return std::ranges::any_of(accept.values(), [](const T& value) { return !value.is_zero(); });
}

void snp_guest(const verify::SnpPolicy& policy, Weaknesses& found) {
  const bool any_measurement = policy.measurement.is_any();
  const bool author = names_key(policy.author_key);
  const bool id = names_key(policy.id_key);
  found.say(any_measurement && !author && !id && !accepts_none(policy.author_key) &&
                !accepts_none(policy.id_key),
            "any SEV-SNP guest is accepted");
  found.say(any_measurement && policy.min_guest_svn == 0 && (author || id),
            "every version of a key's SEV-SNP guest is accepted",
            "name measurement or min_guest_svn");
  found.say(
      std::ranges::any_of(policy.vmpl, [](std::uint32_t level) { return level > 0; }),
      "an SEV-SNP report of a VMPL above 0 is accepted, which less privileged software of the guest can get");
  found.say(policy.id_key.is_any() || policy.author_key.is_any(),
            "any key of an SEV-SNP guest's ID block is accepted, and who launches it chooses that");
  found.say(policy.host_data.is_any(),
            "any HOST_DATA is accepted, and who launches the SEV-SNP guest chooses that");
  found.say(policy.migration,
            "migration of an SEV-SNP guest is allowed, to a platform that is not judged here");
}

}  // namespace

std::vector<std::string> empty_lists(const verify::Policy& policy) {
  using enum evidence::Technology;
  const bool sgx = policy.technologies.contains(Sgx);
  const bool tdx = policy.technologies.contains(Tdx);
  const bool snp = policy.technologies.contains(Snp);
  std::vector<std::string> all;
  const auto say = [&](bool empty, std::string_view key, std::string_view what) {
    if (empty) all.push_back(base::concat(key, " is empty, so no ", what, " is accepted"));
  };
  say((sgx || tdx) && policy.dcap.statuses.empty(), "dcap.statuses", "SGX or TDX platform");
  say(sgx && accepts_none(policy.sgx.mr_enclave), "sgx.mr_enclave", "SGX enclave");
  say(sgx && accepts_none(policy.sgx.mr_signer), "sgx.mr_signer", "SGX enclave");
  say(tdx && accepts_none(policy.tdx.mr_td), "tdx.mr_td", "TDX domain");
  for (std::size_t i = 0; i < policy.tdx.rt_mr.size(); ++i) {
    say(tdx && accepts_none(policy.tdx.rt_mr[i]), base::concat("tdx.rt_mr", i), "TDX domain");
  }
  say(tdx && accepts_none(policy.tdx.mr_seam), "tdx.mr_seam", "TDX domain");
  const verify::SnpPolicy& guest = policy.snp;
  say(snp && accepts_none(guest.measurement), "snp.measurement", "SEV-SNP guest");
  say(snp && accepts_none(guest.id_key), "snp.id_key_sha384", "SEV-SNP guest");
  say(snp && accepts_none(guest.author_key), "snp.author_key_sha384", "SEV-SNP guest");
  say(snp && accepts_none(guest.host_data), "snp.host_data", "SEV-SNP guest");
  say(snp && guest.vmpl.empty(), "snp.vmpl", "SEV-SNP guest");
  say(snp && accepts_none(guest.product), "snp.products", "SEV-SNP platform");
  say(snp && accepts_none(guest.signing_key), "snp.signing_keys", "SEV-SNP platform");
  say(snp && accepts_none(guest.provider), "snp.providers", "SEV-SNP platform");
  return all;
}

std::string_view too_strict(const verify::Policy& policy) {
  constexpr std::chrono::hours year{24 * 365};
  const auto age = policy.max_age.of(verify::Aging::List);
  if (policy.technologies.empty() || !age || *age >= year) return {};
  return policy.max_age.list
             ? "max_list_age_days below 365 refuses: Intel and AMD issue the lists of "
               "their roots for about a year"
             : "max_age_days below 365 refuses: Intel and AMD issue the lists of their "
               "roots for about a year";
}

std::vector<Weakness> weaknesses(const verify::Policy& policy) {
  using enum evidence::Technology;
  if (policy.technologies.empty()) return {{"no technology is accepted, so nothing is", {}}};
  const bool has_sgx = policy.technologies.contains(Sgx);
  const bool has_tdx = policy.technologies.contains(Tdx);
  Weaknesses found;
  common(policy, found);
  if (has_sgx || has_tdx) dcap(policy.dcap, found);
  if (has_sgx) sgx_enclave(policy, found);
  if (has_tdx) tdx_domain(policy.tdx, found);
  if (policy.technologies.contains(Snp)) {
    snp_guest(policy.snp, found);
    snp_platform(policy.snp, found);
  }
  return std::move(found).all();
}

}  // namespace merlon::cli_evidence
