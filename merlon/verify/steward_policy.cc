// The configuration of an Enarx Steward [ENARX crates/attestation], as a policy of ours. Where its
// code is weaker than its words, the words count: debug is refused unless named, and flags that are
// named are required. An empty list of identities is to it one that is not there.

#include "merlon/verify/abi_requirement.h"
#include "merlon/verify/policy_reader.h"

namespace merlon::verify {

using base::concat;

namespace {

/// What is accepted: every value if the list is empty.
template <typename T>
PolicyResult<Accept<T>> accept(PolicyTable& table, std::string_view key) {
  auto list = TRY(table.accept<T>(key));
  return list.values().empty() ? Accept<T>() : std::move(list);
}

template <typename T>
PolicyResult<void> refuse_both(const PolicyTable& table, const Accept<T>& accepted,
                               const Accept<T>& refused) {
  for (const T& value : refused.values()) {
    if (!accepted.is_any() && accepted.contains(value)) {
      return table.refuse("hash_blacklist", "names a value that hash accepts");
    }
  }
  return {};
}

/// A Steward takes no table that names nobody.
PolicyResult<void> name_somebody(const PolicyTable& table, bool somebody) {
  if (!somebody) return table.refuse("signer", "name signer, hash or hash_blacklist");
  return {};
}

/// INIT and MODE64BIT are implied. A Steward adds them to an empty list too, which so is one that
/// is there, and allows nothing else.
PolicyResult<std::uint64_t> read_features(PolicyTable& table,
                                          const std::vector<std::string>& names) {
  std::uint64_t allowed = 1U | 4U;
  for (const std::string& name : names) {
    if (name == "Debug") {
      allowed |= sgx::attribute_debug;
    } else if (name == "ProvisioningKey") {
      allowed |= 1U << 4U;
    } else if (name == "EInitKey") {
      allowed |= 1U << 5U;
    } else if (name == "CET") {
      allowed |= 1U << 6U;
    } else if (name == "KSS") {
      allowed |= sgx::attribute_kss;
    } else {
      return table.refuse(
          "features",
          concat(base::quoted(name, 40), " is none of CET, Debug, EInitKey, KSS, ProvisioningKey"));
    }
  }
  return allowed;
}

PolicyResult<void> read_sgx(const toml::table& found, std::string_view file, Policy& policy) {
  PolicyTable table(found, "sgx", file);
  policy.sgx.mr_signer = TRY(accept<sgx::MrSigner>(table, "signer"));
  policy.sgx.mr_enclave = TRY(accept<sgx::MrEnclave>(table, "hash"));
  const auto refused = TRY(accept<sgx::MrEnclave>(table, "hash_blacklist"));
  TRY(refuse_both(table, policy.sgx.mr_enclave, refused));
  TRY(name_somebody(table, !policy.sgx.mr_signer.is_any() || !policy.sgx.mr_enclave.is_any() ||
                               !refused.values().empty()));
  policy.sgx.refused_mr_enclave.assign(refused.values().begin(), refused.values().end());
  if (const auto names = TRY(table.texts("features"))) {
    policy.sgx.attributes = TRY(read_features(table, *names));
    policy.sgx.debug = (*policy.sgx.attributes & sgx::attribute_debug) != 0;
  }
  assign(policy.sgx.min_svn, TRY(table.number("enclave_security_version", 65'535)));
  if (const auto product = TRY(table.number("enclave_product_id", 65'535))) {
    policy.sgx.product_id = static_cast<std::uint16_t>(*product);
  }
  if (const auto names = TRY(table.texts("misc_select"))) {
    policy.sgx.misc_select = 0;
    for (const std::string& name : *names) {
      if (name != "EXINFO") return table.refuse("misc_select", "must list EXINFO or nothing");
      policy.sgx.misc_select = 1;
    }
  }
  auto advisories = TRY(table.texts("allowed_advisories"));
  if (advisories && !advisories->empty()) {
    // With a list of advisories a Steward looks at them alone. Here they stand beside the status:
    // the platform may want hardening or configuration for them, and must not be out of date.
    using enum sgx::TcbStatus;
    policy.dcap.statuses = {UpToDate, SWHardeningNeeded, ConfigurationNeeded,
                            ConfigurationAndSWHardeningNeeded};
    for (std::string& each : *advisories) {
      policy.dcap.waivers.push_back({each, Waiver::forever});
    }
    policy.dcap.advisories = Accept<std::string>(*std::move(advisories));
  }
  return table.finish();
}

PolicyResult<void> read_abi(PolicyTable& table, SnpPolicy& policy) {
  const auto text = TRY(table.text("abi"));
  if (!text) return {};
  const auto range = parse_abi_requirement(*text);
  if (!range) return table.refuse("abi", range.error());
  policy.min_abi = range->min;
  policy.max_abi = range->max;
  return {};
}

PolicyResult<void> read_snp(const toml::table& found, std::string_view file, SnpPolicy& policy) {
  PolicyTable table(found, "snp", file);
  policy.author_key = TRY(accept<snp::AuthorKeyDigest>(table, "signer"));
  // Enarx signs its keeps, and its Steward takes any key that no list of his speaks of.
  policy.measurement = TRY(accept<snp::LaunchDigest>(table, "hash"));
  const auto refused = TRY(accept<snp::LaunchDigest>(table, "hash_blacklist"));
  TRY(refuse_both(table, policy.measurement, refused));
  TRY(name_somebody(table, !policy.author_key.is_any() || !policy.measurement.is_any() ||
                               !refused.values().empty()));
  policy.refused_measurement.assign(refused.values().begin(), refused.values().end());
  policy.id_key = TRY(accept<snp::IdKeyDigest>(table, "id_key_digest"));
  const auto keys = TRY(accept<snp::IdKeyDigest>(table, "id_key_digest_blacklist"));
  policy.refused_id_key.assign(keys.values().begin(), keys.values().end());
  TRY(read_abi(table, policy));
  for (const std::string& name :
       TRY(table.texts("policy_flags")).value_or(std::vector<std::string>{})) {
    if (name == "Debug") {
      policy.debug = true;
    } else if (name == "SingleSocket") {
      policy.single_socket = BitRule::Set;
    } else if (name == "SMT") {
      policy.smt = BitRule::Set;
    } else {
      return table.refuse("policy_flags", "must list Debug, SingleSocket or SMT");
    }
  }
  if (const auto flag = TRY(table.text("platform_info_flags"))) {
    if (*flag != "SME" && *flag != "TSME") {
      return table.refuse("platform_info_flags", "must be SME or TSME");
    }
    // A Steward compares the whole byte: this bit and no other.
    for (std::size_t bit = 0; bit < 8; ++bit) policy.platform[bit] = BitRule::Clear;
    policy.platform[*flag == "SME" ? 0 : 1] = BitRule::Set;
  }
  // A Steward refuses guests in which Enarx did not leave these alone.
  policy.family_id = snp::FamilyId{};
  policy.image_id = snp::ImageId{};
  policy.host_data = accept_zero<snp::HostData>();
  return table.finish();
}

}  // namespace

core::Result<Policy, PolicyError> Policy::parse_steward(std::string_view text,
                                                        std::string_view file) {
  const toml::table root = TRY(parse_toml(text, file));
  PolicyTable table(root, "", file);
  Policy policy;
  const toml::table* sgx = TRY(table.table("sgx"));
  const toml::table* snp = TRY(table.table("snp"));
  TRY(table.finish());
  // A Steward is shown requests and nothing else. It knows no TDX. Of a technology without a table
  // it takes every keep; that nobody wrote anything of it is no reason to do so.
  policy.form = PolicyForm::Steward;
  // Enarx' keeps bring the lists, and its Steward has no others.
  policy.carried_lists = true;
  policy.binding = BindToRequest{true};
  policy.technologies.clear();
  if (sgx != nullptr) {
    TRY(read_sgx(*sgx, file, policy));
    policy.technologies.insert(evidence::Technology::Sgx);
  }
  if (snp != nullptr) {
    TRY(read_snp(*snp, file, policy.snp));
    policy.technologies.insert(evidence::Technology::Snp);
  }
  return policy;
}

core::Result<Policy, PolicyError> Policy::parse_any(std::string_view text, std::string_view file) {
  const toml::table root = TRY(parse_toml(text, file));
  constexpr std::array<std::string_view, 11> steward_keys{"signer",
                                                          "hash",
                                                          "hash_blacklist",
                                                          "features",
                                                          "enclave_security_version",
                                                          "enclave_product_id",
                                                          "allowed_advisories",
                                                          "id_key_digest",
                                                          "id_key_digest_blacklist",
                                                          "policy_flags",
                                                          "platform_info_flags"};
  for (const std::string_view name : {"sgx", "snp"}) {
    const toml::node* node = root.get(name);
    const toml::table* table = node == nullptr ? nullptr : node->as_table();
    if (table == nullptr) continue;
    for (const std::string_view key : steward_keys) {
      if (table->contains(key)) return parse_steward(text, file);
    }
  }
  return parse(text, file);
}

}  // namespace merlon::verify
