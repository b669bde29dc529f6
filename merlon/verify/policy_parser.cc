// Our own form of a policy.

#include <algorithm>
#include <array>

#include "merlon/verify/floors.h"
#include "merlon/verify/policy_reader.h"

namespace merlon::verify {

using base::concat;

namespace {

constexpr std::uint64_t any64 = std::numeric_limits<std::uint64_t>::max();

struct TechnologyTable {
  std::string_view name;
  evidence::Technology technology;
};
constexpr auto technology_tables = std::array{TechnologyTable{"sgx", evidence::Technology::Sgx},
                                              TechnologyTable{"tdx", evidence::Technology::Tdx},
                                              TechnologyTable{"snp", evidence::Technology::Snp}};

/// Whoever writes tables and no list means the technologies that he wrote tables of: he who names
/// an enclave does not want to be shown any guest there is.
void follow_tables(const PolicyTable& table, Policy& policy) {
  std::set<evidence::Technology> there;
  for (const TechnologyTable& each : technology_tables) {
    if (table.raw().contains(each.name)) there.insert(each.technology);
  }
  if (!there.empty()) policy.technologies = there;
}

PolicyResult<void> read_technologies(PolicyTable& table, Policy& policy) {
  const auto names = TRY(table.texts("technologies"));
  if (!names) {
    follow_tables(table, policy);
    return {};
  }
  policy.technologies.clear();
  for (const std::string& name : *names) {
    const auto* const known = std::ranges::find(technology_tables, name, &TechnologyTable::name);
    if (known == technology_tables.end()) {
      return table.refuse("technologies",
                          concat("must list sgx, tdx or snp, not ", base::quoted(name, 32)));
    }
    policy.technologies.insert(known->technology);
  }
  return {};
}

PolicyResult<std::optional<std::chrono::seconds>> read_days(PolicyTable& table,
                                                            std::string_view key) {
  using Days = std::optional<std::chrono::seconds>;
  const auto days = TRY(table.number(key, 36'500));
  if (!days) return Days();
  return Days(std::chrono::seconds(static_cast<std::int64_t>(*days) * codec::seconds_per_day));
}

PolicyResult<void> read_common(PolicyTable& table, Policy& policy) {
  TRY(read_technologies(table, policy));
  if (const auto rule = TRY(table.text("revocation"))) {
    if (*rule != "required" && *rule != "if-present") {
      return table.refuse("revocation", "must be \"required\" or \"if-present\"");
    }
    policy.revocation = *rule == "required" ? RevocationRule::Required : RevocationRule::IfPresent;
  }
  policy.max_age.all = TRY(read_days(table, "max_age_days"));
  policy.max_age.list = TRY(read_days(table, "max_list_age_days"));
  policy.max_age.tcb_info = TRY(read_days(table, "max_tcb_info_age_days"));
  policy.max_age.identity = TRY(read_days(table, "max_identity_age_days"));
  assign(policy.carried_lists, TRY(table.boolean("carried_lists")));
  const auto roots = TRY(table.accept<crypto::Sha256Digest>("roots"));
  policy.roots.assign(roots.values().begin(), roots.values().end());
  return {};
}

/// [report_data]: one of exact, spki, tls_key_sha256 with hpke_key_sha256 and nonce, launch_sha256
/// with said_sha256, request, any.
PolicyResult<void> read_binding(const toml::table* found, std::string_view file, Policy& policy) {
  if (found == nullptr) return {};
  PolicyTable table(*found, "report_data", file);
  const auto exact = TRY(table.bytes<evidence::ReportData>("exact"));
  const auto tls = TRY(table.bytes<crypto::Sha256Digest>("tls_key_sha256"));
  const auto hpke = TRY(table.bytes<crypto::Sha256Digest>("hpke_key_sha256"));
  const auto nonce = TRY(table.bytes<evidence::Nonce>("nonce"));
  const auto launch = TRY(table.bytes<crypto::Sha256Digest>("launch_sha256"));
  const auto said = TRY(table.bytes<crypto::Sha256Digest>("said_sha256"));
  const auto spki = TRY(table.text("spki"));
  const bool any = TRY(table.boolean("any")).value_or(false);
  const bool request = TRY(table.boolean("request")).value_or(false);
  TRY(table.finish());
  if (nonce && nonce->is_zero()) return table.refuse("nonce", "a nonce of zeros is no challenge");
  const bool challenge = tls && hpke && nonce;
  if ((tls || hpke || nonce) && !challenge) {
    return table.refuse("nonce", "needs tls_key_sha256, hpke_key_sha256 and nonce together");
  }
  if (launch.has_value() != said.has_value()) {
    return table.refuse("said_sha256", "needs launch_sha256 and said_sha256 together");
  }
  const int ways = (exact ? 1 : 0) + (challenge ? 1 : 0) + (launch ? 1 : 0) + (spki ? 1 : 0) +
                   (any ? 1 : 0) + (request ? 1 : 0);
  if (ways > 1) {
    const char* key = exact       ? "exact"
                      : spki      ? "spki"
                      : challenge ? "nonce"
                      : launch    ? "launch_sha256"
                                  : "any";
    return table.refuse(
        key, "of exact, spki, a challenge, a workload's word, request and any there may be one");
  }
  if (launch) policy.binding = BindToWork{*launch, *said};
  if (request) policy.binding = BindToRequest{true};
  if (exact) policy.binding = BindToData{*exact};
  if (challenge) policy.binding = BindToChallenge{*tls, *hpke, *nonce};
  if (any) policy.binding = BindToAnything{};
  if (spki) {
    auto bytes = codec::decode_hex(*spki);
    if (!bytes || bytes->empty()) {
      return table.refuse("spki", "must be a DER SubjectPublicKeyInfo in hexadecimal");
    }
    policy.binding = BindToKey{*std::move(bytes)};
  }
  return {};
}

PolicyResult<void> read_dcap(const toml::table* found, std::string_view file, DcapPolicy& policy) {
  if (found == nullptr) return {};
  PolicyTable table(*found, "dcap", file);
  if (const auto names = TRY(table.texts("statuses"))) {
    policy.statuses.clear();
    for (const std::string& name : *names) {
      const auto status = sgx::tcb_status(name);
      if (!status || *status == sgx::TcbStatus::Revoked) {
        return table.refuse("statuses", concat(base::quoted(name, 40),
                                               " is no status of Intel's that can be accepted"));
      }
      policy.statuses.insert(*status);
    }
  }
  if (auto advisories = TRY(table.texts("advisories"))) {
    policy.advisories = Accept<std::string>(*std::move(advisories));
  }
  policy.waivers = TRY(table.waivers("waivers"));
  policy.ppid = TRY(table.accept<sgx::Ppid>("ppid"));
  assign(policy.min_evaluation_number,
         TRY(table.number("min_evaluation_number", std::numeric_limits<std::uint32_t>::max())));
  assign(policy.tcb_info_v2, TRY(table.boolean("tcb_info_v2")));
  return table.finish();
}

PolicyResult<void> read_sgx(const toml::table* found, std::string_view file, SgxPolicy& policy) {
  if (found == nullptr) return {};
  PolicyTable table(*found, "sgx", file);
  policy.mr_enclave = TRY(table.accept<sgx::MrEnclave>("mr_enclave"));
  const auto refused = TRY(table.accept<sgx::MrEnclave>("refused_mr_enclave"));
  policy.refused_mr_enclave.assign(refused.values().begin(), refused.values().end());
  policy.mr_signer = TRY(table.accept<sgx::MrSigner>("mr_signer"));
  if (const auto product = TRY(table.number("product_id", 65'535))) {
    policy.product_id = static_cast<std::uint16_t>(*product);
  }
  assign(policy.min_svn, TRY(table.number("min_svn", 65'535)));
  assign(policy.debug, TRY(table.boolean("debug")));
  policy.attributes = TRY(table.number("attributes", any64));
  policy.xfrm = TRY(table.number("xfrm", any64));
  if (const auto misc =
          TRY(table.number("misc_select", std::numeric_limits<std::uint32_t>::max()))) {
    policy.misc_select = static_cast<std::uint32_t>(*misc);
  }
  policy.ext_product_id = TRY(table.bytes<sgx::IsvExtProdId>("ext_product_id"));
  policy.family_id = TRY(table.bytes<sgx::IsvFamilyId>("family_id"));
  TRY(table.read_accept("config_id", policy.config_id));
  assign(policy.min_config_svn, TRY(table.number("min_config_svn", 65'535)));
  return table.finish();
}

PolicyResult<void> read_tdx(const toml::table* found, std::string_view file, TdxPolicy& policy) {
  if (found == nullptr) return {};
  PolicyTable table(*found, "tdx", file);
  policy.mr_td = TRY(table.accept<tdx::MrTd>("mr_td"));
  for (std::size_t i = 0; i < policy.rt_mr.size(); ++i) {
    policy.rt_mr[i] = TRY(table.accept<tdx::RtMr>(concat("rt_mr", i)));
  }
  policy.mr_seam = TRY(table.accept<tdx::MrSeam>("mr_seam"));
  assign(policy.debug, TRY(table.boolean("debug")));
  assign(policy.migration, TRY(table.boolean("migration")));
  policy.attributes = TRY(table.number("attributes", any64));
  assign(policy.required_attributes, TRY(table.number("required_attributes", any64)));
  policy.xfam = TRY(table.number("xfam", any64));
  TRY(table.read_accept("mr_config_id", policy.mr_config_id));
  TRY(table.read_accept("mr_owner", policy.mr_owner));
  TRY(table.read_accept("mr_owner_config", policy.mr_owner_config));
  TRY(table.read_accept("mr_service_td", policy.mr_service_td));
  return table.finish();
}

/// "1.55" or "1.55.5" as up to three bytes.
PolicyResult<std::optional<std::array<std::uint8_t, 3>>> read_version(PolicyTable& table,
                                                                      std::string_view key,
                                                                      std::size_t parts) {
  const auto text = TRY(table.text(key));
  if (!text) return std::optional<std::array<std::uint8_t, 3>>{};
  std::array<std::uint8_t, 3> version{};
  std::string_view rest = *text;
  for (std::size_t i = 0; i < parts; ++i) {
    const std::size_t end = i + 1 < parts ? rest.find('.') : rest.size();
    const auto number = base::parse_decimal(rest.substr(0, end));
    if (end == std::string_view::npos || !number || *number > 255) {
      return table.refuse(key, concat("must look like \"", parts == 2 ? "1.51" : "1.55.5", "\""));
    }
    version[i] = static_cast<std::uint8_t>(*number);
    rest.remove_prefix(end < rest.size() ? end + 1 : rest.size());
  }
  return std::optional<std::array<std::uint8_t, 3>>(version);
}

PolicyResult<snp::TcbComponents> read_tcb(PolicyTable& outer, std::string_view key) {
  snp::TcbComponents tcb;
  const toml::table* found = TRY(outer.table(key));
  if (found == nullptr) return tcb;
  PolicyTable table(*found, concat("snp.", key), outer.file());
  assign(tcb.fmc, TRY(table.number("fmc", 255)));
  assign(tcb.bootloader, TRY(table.number("bootloader", 255)));
  assign(tcb.tee, TRY(table.number("tee", 255)));
  assign(tcb.snp, TRY(table.number("snp", 255)));
  assign(tcb.microcode, TRY(table.number("microcode", 255)));
  TRY(table.finish());
  return tcb;
}

PolicyResult<void> read_platform(PolicyTable& table, std::string_view key, BitRule rule,
                                 SnpPolicy& policy) {
  for (const std::string& name : TRY(table.texts(key)).value_or(std::vector<std::string>{})) {
    bool known = false;
    for (const snp::PlatformBit bit : snp::all_platform_bits) {
      if (to_string(bit) != name) continue;
      BitRule& place = policy.platform[static_cast<std::size_t>(bit)];
      if (place != BitRule::Any && place != rule) {
        return table.refuse(key, concat(name, " cannot be both on and off"));
      }
      place = rule;
      known = true;
    }
    if (known) continue;
    return table.refuse(key, concat(base::quoted(name, 40),
                                    " is none of smt, tsme, ecc, rapl-disabled, ciphertext-hiding, "
                                    "alias-check, tio"));
  }
  return {};
}

PolicyResult<BitRule> read_bit_rule(PolicyTable& table, std::string_view key) {
  const auto value = TRY(table.boolean(key));
  if (!value) return BitRule::Any;
  return *value ? BitRule::Set : BitRule::Clear;
}

PolicyResult<void> read_snp_keys(PolicyTable& table, SnpPolicy& policy) {
  if (const auto names = TRY(table.texts("products"))) {
    std::vector<snp::Product> products;
    for (const std::string& name : *names) {
      const auto product = snp::product_of_name(name);
      if (!product) return table.refuse("products", "must list Milan, Genoa or Turin");
      products.push_back(*product);
    }
    policy.product = Accept<snp::Product>(std::move(products));
  }
  if (const auto names = TRY(table.texts("signing_keys"))) {
    std::vector<snp::SigningKey> keys;
    for (const std::string& name : *names) {
      if (name != "VCEK" && name != "VLEK") {
        return table.refuse("signing_keys", "must list VCEK or VLEK");
      }
      keys.push_back(name == "VCEK" ? snp::SigningKey::Vcek : snp::SigningKey::Vlek);
    }
    policy.signing_key = Accept<snp::SigningKey>(std::move(keys));
  }
  if (auto names = TRY(table.texts("providers"))) {
    policy.provider = Accept<std::string>(*std::move(names));
  }
  policy.chip_id = TRY(table.accept<snp::ChipId>("chip_id"));
  policy.waivers = TRY(table.waivers("waivers"));
  for (const Waiver& each : policy.waivers) {
    if (is_known_bulletin(each.name)) continue;
    return table.refuse("waivers", concat(base::quoted(each.name, 40),
                                          " is no bulletin of AMD's that sets a floor here"));
  }
  return {};
}

PolicyResult<void> read_snp_guest(PolicyTable& table, SnpPolicy& policy) {
  policy.measurement = TRY(table.accept<snp::LaunchDigest>("measurement"));
  const auto refused = TRY(table.accept<snp::LaunchDigest>("refused_measurement"));
  policy.refused_measurement.assign(refused.values().begin(), refused.values().end());
  TRY(table.read_accept("id_key_sha384", policy.id_key));
  const auto refused_keys = TRY(table.accept<snp::IdKeyDigest>("refused_id_key_sha384"));
  policy.refused_id_key.assign(refused_keys.values().begin(), refused_keys.values().end());
  TRY(table.read_accept("author_key_sha384", policy.author_key));
  if (table.raw().contains("author_key_sha384") && !policy.author_key.is_any() &&
      policy.author_key.contains(snp::AuthorKeyDigest{})) {
    return table.refuse("author_key_sha384",
                        "zero is no key; without this name there must be none");
  }
  TRY(table.read_accept("host_data", policy.host_data));
  policy.family_id = TRY(table.bytes<snp::FamilyId>("family_id"));
  policy.image_id = TRY(table.bytes<snp::ImageId>("image_id"));
  assign(policy.min_guest_svn,
         TRY(table.number("min_guest_svn", std::numeric_limits<std::uint32_t>::max())));
  if (const auto levels = TRY(table.numbers("vmpl", 3))) {
    policy.vmpl.clear();
    for (const std::uint64_t level : *levels) policy.vmpl.insert(static_cast<std::uint32_t>(level));
  }
  assign(policy.debug, TRY(table.boolean("debug")));
  assign(policy.migration, TRY(table.boolean("migration")));
  if (const auto abi = TRY(read_version(table, "min_abi", 2))) {
    policy.min_abi = static_cast<std::uint16_t>((*abi)[0] * 256U + (*abi)[1]);
  }
  if (const auto abi = TRY(read_version(table, "max_abi", 2))) {
    policy.max_abi = static_cast<std::uint16_t>((*abi)[0] * 256U + (*abi)[1]);
  }
  if (policy.max_abi < policy.min_abi) {
    return table.refuse("max_abi", "is below min_abi, so that no guest could have both");
  }
  for (const GuestBit& each : guest_bits) {
    policy.*each.rule = TRY(read_bit_rule(table, each.key));
  }
  return {};
}

PolicyResult<void> read_snp(const toml::table* found, std::string_view file, SnpPolicy& policy) {
  if (found == nullptr) return {};
  PolicyTable table(*found, "snp", file);
  TRY(read_snp_guest(table, policy));
  TRY(read_snp_keys(table, policy));
  TRY(read_platform(table, "platform_on", BitRule::Set, policy));
  TRY(read_platform(table, "platform_off", BitRule::Clear, policy));
  policy.min_reported_tcb = TRY(read_tcb(table, "min_reported_tcb"));
  policy.min_launch_tcb = TRY(read_tcb(table, "min_launch_tcb"));
  if (const auto version = TRY(read_version(table, "min_firmware", 3))) {
    policy.min_firmware = {(*version)[0], (*version)[1], (*version)[2]};
  }
  assign(policy.provisional_firmware, TRY(table.boolean("provisional_firmware")));
  assign(policy.launch_mitigations, TRY(table.number("launch_mitigations", any64)));
  assign(policy.current_mitigations, TRY(table.number("current_mitigations", any64)));
  return table.finish();
}

}  // namespace

core::Result<Policy, PolicyError> Policy::parse(std::string_view text, std::string_view file) {
  const toml::table root = TRY(parse_toml(text, file));
  PolicyTable table(root, "", file);
  Policy policy;
  TRY(read_common(table, policy));
  TRY(read_binding(TRY(table.table("report_data")), file, policy));
  TRY(read_dcap(TRY(table.table("dcap")), file, policy.dcap));
  TRY(read_sgx(TRY(table.table("sgx")), file, policy.sgx));
  TRY(read_tdx(TRY(table.table("tdx")), file, policy.tdx));
  TRY(read_snp(TRY(table.table("snp")), file, policy.snp));
  TRY(table.finish());
  return policy;
}

}  // namespace merlon::verify
