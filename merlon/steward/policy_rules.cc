#include "merlon/steward/policy_rules.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::steward {

using base::concat;
using evidence::Technology;
using verify::Accept;
using verify::Policy;

namespace {

/// Zero stands for no key.
template <typename T>
bool names_key(const Accept<T>& accept) noexcept {
  return std::ranges::any_of(accept.values(), [](const T& value) { return !value.is_zero(); });
}

template <typename T>
bool accepts_none(const Accept<T>& accept) noexcept {
  return !accept.is_any() && accept.values().empty();
}

template <typename T>
std::string text_of(const T& value) {
  if constexpr (requires { value.view(); }) {
    return value.is_zero() ? "zero" : base::hex(value.view());
  } else if constexpr (std::same_as<T, std::string>) {
    return base::printable(value, 64);
  } else {
    return std::string(to_string(value));
  }
}

template <typename Range>
std::string list_text(const Range& values) {
  std::string text;
  for (const auto& value : values) text += concat(text.empty() ? "" : ", ", text_of(value));
  return text;
}

std::string hex_number(std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[7 - i] = static_cast<std::uint8_t>(value >> (8 * i));
  std::string text = base::hex(bytes);
  text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
  return "0x" + text;
}

class Rules {
 public:
  explicit Rules(std::string_view technology) : technology_(technology) {}

  void say(std::string_view rule) { all_.push_back(concat(technology_, ": ", rule)); }
  void say_if(bool holds, std::string_view rule) {
    if (holds) say(rule);
  }
  template <typename T>
  void one_of(std::string_view what, const Accept<T>& accept) {
    if (accept.is_any()) return;
    const auto values = accept.values();
    if (values.empty()) {
      say(concat(what, " is none at all"));
    } else if (values.size() == 1) {
      say(concat(what, " is ", text_of(values.front())));
    } else {
      say(concat(what, " is one of ", values.size(), ": ", list_text(values)));
    }
  }
  template <typename T>
  void none_of(std::string_view what, const std::vector<T>& refused) {
    say_if(!refused.empty(),
           concat(what, " is none of ", refused.size(), ": ", list_text(refused)));
  }
  template <typename T>
  void equal(std::string_view what, const std::optional<T>& value) {
    if (!value) return;
    if constexpr (std::integral<T>) {
      say(concat(what, " is ", *value));
    } else {
      say(concat(what, " is ", text_of(*value)));
    }
  }
  void at_least(std::string_view what, std::uint64_t least) {
    say_if(least > 0, concat(what, " is at least ", least));
  }
  void within(std::string_view what, std::optional<std::uint64_t> bits) {
    if (bits) say(concat(what, " has no bit beyond ", hex_number(*bits)));
  }
  void waived(std::span<const verify::Waiver> waivers) {
    for (const verify::Waiver& each : waivers) {
      const bool ends = each.until != verify::Waiver::forever;
      say(concat(base::printable(each.name, 64), " is waived",
                 ends ? " until " + codec::to_rfc3339(each.until) : std::string(" for good")));
    }
  }

  [[nodiscard]] std::vector<std::string> all() && { return std::move(all_); }

 private:
  std::string_view technology_;
  std::vector<std::string> all_;
};

std::vector<std::string> common_rules(const Policy& policy) {
  Rules rules("all");
  std::string technologies;
  for (const Technology each : policy.technologies) {
    technologies += concat(technologies.empty() ? "" : ", ", to_string(each));
  }
  rules.say(concat("the technology is one of: ", technologies.empty() ? "none" : technologies));
  rules.say("the report data is the hash of the request's key, and the request is signed by it");
  rules.say(policy.revocation == verify::RevocationRule::Required
                ? "revocation lists are there, fresh, and name nothing that is used"
                : "revocation lists that are there are fresh and name nothing that is used");
  rules.say(policy.carried_lists
                ? "revocation lists that come along with evidence count"
                : "revocation lists that come along with evidence count only against it");
  const auto say_age = [&](std::string_view what, verify::Aging aging) {
    const auto age = policy.max_age.of(aging);
    if (age) rules.say(concat(what, " at most ", age->count(), " seconds old"));
  };
  say_age("revocation lists are", verify::Aging::List);
  say_age("TCB info is", verify::Aging::TcbInfo);
  say_age("the quoting enclave's identity is", verify::Aging::Identity);
  for (const crypto::Sha256Digest& root : policy.roots) {
    rules.say(concat("a root beside the vendors' is trusted: key ", base::hex(root.view())));
  }
  return std::move(rules).all();
}

void dcap_rules(const verify::DcapPolicy& policy, Rules& rules) {
  rules.say(concat("TCB status is one of: ", list_text(policy.statuses)));
  rules.one_of("each open advisory of a platform that is UpToDate", policy.advisories);
  rules.waived(policy.waivers);
  rules.one_of("PPID", policy.ppid);
  rules.at_least("evaluation data number", policy.min_evaluation_number);
  rules.say_if(policy.tcb_info_v2, "TCB info of version 2 is taken as well");
}

std::vector<std::string> sgx_rules(const Policy& all) {
  Rules rules("SGX");
  const verify::SgxPolicy& policy = all.sgx;
  rules.one_of("MRENCLAVE", policy.mr_enclave);
  rules.none_of("MRENCLAVE", policy.refused_mr_enclave);
  rules.one_of("MRSIGNER", policy.mr_signer);
  rules.equal("ISVPRODID", policy.product_id);
  rules.at_least("ISVSVN", policy.min_svn);
  rules.say(policy.debug ? "debug enclaves are accepted" : "no debug enclave");
  rules.within("ATTRIBUTES", policy.attributes);
  rules.within("XFRM", policy.xfrm);
  rules.within("MISCSELECT", policy.misc_select ? std::optional<std::uint64_t>(*policy.misc_select)
                                                : std::nullopt);
  rules.equal("extended product id", policy.ext_product_id);
  rules.equal("family id", policy.family_id);
  rules.one_of("configuration id", policy.config_id);
  rules.at_least("configuration version", policy.min_config_svn);
  dcap_rules(all.dcap, rules);
  return std::move(rules).all();
}

std::vector<std::string> tdx_rules(const Policy& all) {
  Rules rules("TDX");
  const verify::TdxPolicy& policy = all.tdx;
  rules.one_of("MRTD", policy.mr_td);
  for (std::size_t i = 0; i < policy.rt_mr.size(); ++i) {
    rules.one_of(concat("RTMR", i), policy.rt_mr[i]);
  }
  rules.one_of("MRSEAM", policy.mr_seam);
  rules.say(policy.debug ? "debug domains are accepted" : "no debug domain");
  rules.say(policy.migration ? "migration is accepted" : "no migration");
  rules.within("ATTRIBUTES", policy.attributes);
  rules.say_if(policy.required_attributes != 0,
               concat("ATTRIBUTES has all of ", hex_number(policy.required_attributes)));
  rules.within("XFAM", policy.xfam);
  rules.one_of("MRCONFIGID", policy.mr_config_id);
  rules.one_of("MROWNER", policy.mr_owner);
  rules.one_of("MROWNERCONFIG", policy.mr_owner_config);
  rules.one_of("MRSERVICETD", policy.mr_service_td);
  dcap_rules(all.dcap, rules);
  return std::move(rules).all();
}

void bit_rule(Rules& rules, std::string_view what, verify::BitRule rule) {
  rules.say_if(rule == verify::BitRule::Set, concat(what, " is set"));
  rules.say_if(rule == verify::BitRule::Clear, concat(what, " is clear"));
}

std::string tcb_text(const snp::TcbComponents& tcb) {
  return concat("boot loader ", tcb.bootloader, ", TEE ", tcb.tee, ", SNP ", tcb.snp,
                ", microcode ", tcb.microcode, ", FMC ", tcb.fmc);
}

void snp_platform_rules(const verify::SnpPolicy& policy, Rules& rules) {
  for (std::size_t bit = 0; bit < policy.platform.size(); ++bit) {
    bit_rule(rules, concat("PLATFORM_INFO bit ", bit), policy.platform[bit]);
  }
  rules.one_of("product", policy.product);
  rules.one_of("signing key", policy.signing_key);
  rules.one_of("provider", policy.provider);
  rules.one_of("chip", policy.chip_id);
  rules.say_if(policy.min_reported_tcb != snp::TcbComponents{},
               concat("reported TCB is at least ", tcb_text(policy.min_reported_tcb)));
  rules.say_if(policy.min_launch_tcb != snp::TcbComponents{},
               concat("TCB at launch is at least ", tcb_text(policy.min_launch_tcb)));
  rules.say_if(policy.min_firmware != snp::FirmwareVersion{},
               concat("committed firmware is at least ", policy.min_firmware.major, ".",
                      policy.min_firmware.minor, ".", policy.min_firmware.build));
  rules.say("no bulletin of AMD's that is known here concerns the firmware");
  rules.waived(policy.waivers);
  rules.say(policy.provisional_firmware ? "provisional firmware is accepted"
                                        : "no provisional firmware");
  rules.say_if(policy.launch_mitigations != 0,
               concat("mitigations at launch have all of ", hex_number(policy.launch_mitigations)));
  rules.say_if(policy.current_mitigations != 0,
               concat("mitigations now have all of ", hex_number(policy.current_mitigations)));
}

std::vector<std::string> snp_rules(const Policy& all) {
  Rules rules("SEV-SNP");
  const verify::SnpPolicy& policy = all.snp;
  rules.one_of("MEASUREMENT", policy.measurement);
  rules.none_of("MEASUREMENT", policy.refused_measurement);
  rules.one_of("id key digest", policy.id_key);
  rules.none_of("id key digest", policy.refused_id_key);
  rules.one_of("author key digest", policy.author_key);
  rules.one_of("host data", policy.host_data);
  rules.equal("family id", policy.family_id);
  rules.equal("image id", policy.image_id);
  rules.at_least("guest SVN", policy.min_guest_svn);
  std::string levels;
  for (const std::uint32_t each : policy.vmpl) levels += concat(levels.empty() ? "" : ", ", each);
  rules.say(concat("VMPL is one of: ", levels.empty() ? "none" : levels));
  rules.say(policy.debug ? "debugging is accepted" : "no debugging");
  rules.say(policy.migration ? "migration is accepted" : "no migration");
  const auto abi = [](unsigned version) { return concat(version / 256, ".", version % 256); };
  rules.say_if(policy.min_abi > 0, concat("ABI is at least ", abi(policy.min_abi)));
  rules.say_if(policy.max_abi < 0xFFFF, concat("ABI is at most ", abi(policy.max_abi)));
  for (const verify::GuestBit& each : verify::guest_bits) {
    bit_rule(rules, concat(each.text, " of the guest's policy"), policy.*each.rule);
  }
  snp_platform_rules(policy, rules);
  return std::move(rules).all();
}

template <typename T>
void both(std::vector<std::string>& found, std::string_view what, const Accept<T>& accepted,
          const std::vector<T>& refused) {
  if (accepted.is_any() || accepted.values().empty()) return;
  const bool all_refused = std::ranges::all_of(accepted.values(), [&](const T& value) {
    return std::ranges::find(refused, value) != refused.end();
  });
  if (all_refused) found.push_back(concat(what, ": every value that is accepted is refused too"));
}

template <typename T>
void none(std::vector<std::string>& found, std::string_view what, const Accept<T>& accept) {
  if (accepts_none(accept))
    found.push_back(concat(what, ": the list is empty, so none is accepted"));
}

void impossible_sgx(const Policy& all, std::vector<std::string>& found) {
  const verify::SgxPolicy& policy = all.sgx;
  none(found, "SGX: MRENCLAVE", policy.mr_enclave);
  none(found, "SGX: MRSIGNER", policy.mr_signer);
  none(found, "SGX: configuration id", policy.config_id);
  both(found, "SGX: MRENCLAVE", policy.mr_enclave, policy.refused_mr_enclave);
  // An enclave is initialised and of 64 bits, or it could not report. [SDM vol. 3D ATTRIBUTES]
  constexpr std::uint64_t always = 1U | 4U;
  if (policy.attributes && (*policy.attributes & always) != always) {
    found.emplace_back("SGX: ATTRIBUTES: INIT and MODE64BIT are set in every enclave");
  }
  if (policy.xfrm && (*policy.xfrm & 3U) != 3U) {
    found.emplace_back("SGX: XFRM: x87 and SSE are set in every enclave");
  }
}

void impossible_tdx(const Policy& all, std::vector<std::string>& found) {
  const verify::TdxPolicy& policy = all.tdx;
  none(found, "TDX: MRTD", policy.mr_td);
  none(found, "TDX: MRSEAM", policy.mr_seam);
  none(found, "TDX: MRCONFIGID", policy.mr_config_id);
  none(found, "TDX: MROWNER", policy.mr_owner);
  none(found, "TDX: MROWNERCONFIG", policy.mr_owner_config);
  none(found, "TDX: MRSERVICETD", policy.mr_service_td);
  for (std::size_t i = 0; i < policy.rt_mr.size(); ++i) {
    none(found, concat("TDX: RTMR", i), policy.rt_mr[i]);
  }
  if (policy.attributes && (policy.required_attributes & ~*policy.attributes) != 0) {
    found.emplace_back("TDX: ATTRIBUTES: a bit that is required is not among those allowed");
  }
}

void impossible_snp(const Policy& all, std::vector<std::string>& found) {
  const verify::SnpPolicy& policy = all.snp;
  none(found, "SEV-SNP: MEASUREMENT", policy.measurement);
  none(found, "SEV-SNP: id key digest", policy.id_key);
  none(found, "SEV-SNP: author key digest", policy.author_key);
  none(found, "SEV-SNP: host data", policy.host_data);
  none(found, "SEV-SNP: product", policy.product);
  none(found, "SEV-SNP: signing key", policy.signing_key);
  none(found, "SEV-SNP: provider", policy.provider);
  none(found, "SEV-SNP: chip", policy.chip_id);
  both(found, "SEV-SNP: MEASUREMENT", policy.measurement, policy.refused_measurement);
  both(found, "SEV-SNP: id key digest", policy.id_key, policy.refused_id_key);
  if (policy.vmpl.empty()) found.emplace_back("SEV-SNP: VMPL: the list is empty");
  if (policy.min_abi > policy.max_abi) {
    found.emplace_back("SEV-SNP: ABI: the least is above the greatest");
  }
  // Only one of the two keys signs a report, and a provider stands in a VLEK's certificate alone.
  if (!policy.provider.is_any() && !policy.signing_key.contains(snp::SigningKey::Vlek)) {
    found.emplace_back("SEV-SNP: provider: VLEKs have one, and the policy accepts none of these");
  }
}

}  // namespace

std::vector<std::string> effective_rules(const Policy& policy) {
  std::vector<std::string> all = common_rules(policy);
  const auto add = [&](Technology technology, std::vector<std::string> rules) {
    if (policy.technologies.contains(technology)) std::ranges::move(rules, std::back_inserter(all));
  };
  add(Technology::Sgx, sgx_rules(policy));
  add(Technology::Tdx, tdx_rules(policy));
  add(Technology::Snp, snp_rules(policy));
  return all;
}

std::vector<std::string> policy_warnings(const Policy& policy) {
  std::vector<std::string> found;
  for (const Technology each : policy.technologies) {
    if (each != Technology::Kvm && !compares_workload(policy, each)) {
      found.push_back(concat("of ", to_string(each),
                             " the policy compares no measurement and no signer: any workload gets "
                             "a certificate"));
    }
  }
  for (const auto& [technology, debug] :
       {std::pair{Technology::Sgx, policy.sgx.debug}, std::pair{Technology::Tdx, policy.tdx.debug},
        std::pair{Technology::Snp, policy.snp.debug}}) {
    if (debug && policy.technologies.contains(technology)) {
      found.push_back(concat("of ", to_string(technology),
                             " the policy accepts debugging, so the host can read everything"));
    }
  }
  if (policy.carried_lists) {
    found.emplace_back(
        "revocation lists that come along with evidence count, and who sends it chooses them");
  }
  if (policy.revocation == verify::RevocationRule::IfPresent) {
    found.emplace_back("a missing revocation list is allowed");
  }
  return found;
}

std::vector<std::string> impossible_rules(const Policy& policy) {
  std::vector<std::string> found;
  if (policy.technologies.empty()) found.emplace_back("no technology is accepted");
  if (policy.technologies.contains(Technology::Sgx)) impossible_sgx(policy, found);
  if (policy.technologies.contains(Technology::Tdx)) impossible_tdx(policy, found);
  if (policy.technologies.contains(Technology::Snp)) impossible_snp(policy, found);
  const bool dcap = policy.technologies.contains(Technology::Sgx) ||
                    policy.technologies.contains(Technology::Tdx);
  if (dcap && policy.dcap.statuses.empty()) found.emplace_back("TCB status: none is accepted");
  return found;
}

}  // namespace merlon::steward
