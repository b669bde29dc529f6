// Which certificates vouch for the report, and whether they hold.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/roots.h"
#include "merlon/verify/snp/leaf.h"

namespace merlon::verify::sev_snp {

using base::concat;
using x509::Certificate;

namespace {

/// AMD's names for the three places of a chain.
bool has_amd_names(const x509::Path& path) {
  if (path.size() != 3) return false;
  const std::string& leaf = path[0].common_name();
  const std::string& middle = path[1].common_name();
  const std::string& root = path[2].common_name();
  if (!root.starts_with("ARK-")) return false;
  const std::string product = root.substr(4);
  return (leaf == "SEV-VCEK" && middle == concat("SEV-", product)) ||
         (leaf == "SEV-VLEK" && middle == concat("SEV-VLEK-", product));
}

/// Whose chain is here where the right one is not: "; the chain that is here is Genoa's, …".
std::string other_chain(const Context& context) {
  const snp::Report& report = context.evidence.report;
  std::optional<snp::Product> wanted;
  if (report.cpuid) wanted = snp::product_of_cpuid(report.cpuid->family, report.cpuid->model);
  if (!wanted && context.endorsed) wanted = context.endorsed->product;
  if (!wanted) return "";
  std::optional<snp::Product> other;
  for (const Certificate& each : context.collateral.certificates) {
    const std::string& name = each.common_name();
    if (!name.starts_with("ARK-")) continue;
    const auto product = snp::product_of_name(name.substr(4));
    if (product == wanted) return "";
    if (product) other = product;
  }
  if (!other) return "";
  return concat("; the chain that is here is of ARK-", to_string(*other),
                ", and the processor is a ", to_string(*wanted));
}

void judge_form(Context& context, const Leaf& leaf) {
  std::string got;
  if (leaf.certificate == nullptr) {
    got = "there is no VCEK or VLEK";
  } else {
    context.path = context.paths.build(*leaf.certificate);
    for (const Certificate& each : context.path) {
      got += concat(got.empty() ? "" : ", ", base::printable(each.common_name(), 64));
    }
    auto endorsed = snp::EndorsementExtensions::parse(views_of(*leaf.certificate));
    if (endorsed) {
      context.endorsed = *std::move(endorsed);
    } else {
      got += concat("; ", endorsed.error().what);
    }
  }
  if (context.path.size() != 3) got += other_chain(context);
  context.judge.check(Check::SnpForm, has_amd_names(context.path) && context.endorsed.has_value(),
                      "VCEK, ASK, ARK or VLEK, ASVK, ARK of one product", got);
}

/// CPUID of the report (from version 3 on), the leaf's extension and the root must agree.
void judge_product(Context& context) {
  const snp::Report& report = context.evidence.report;
  std::optional<snp::Product> by_cpuid;
  std::optional<snp::Product> by_leaf;
  std::optional<snp::Product> by_root;
  if (report.cpuid) by_cpuid = snp::product_of_cpuid(report.cpuid->family, report.cpuid->model);
  if (context.endorsed) by_leaf = context.endorsed->product;
  if (context.path.size() == 3 && context.path[2].common_name().starts_with("ARK-")) {
    by_root = snp::product_of_name(context.path[2].common_name().substr(4));
  }
  context.product = by_cpuid ? by_cpuid : by_leaf;
  const auto text = [](const std::optional<snp::Product>& product) {
    return product ? to_string(*product) : std::string_view("unknown");
  };
  const bool cpuid_agrees = !report.cpuid || (by_cpuid && by_cpuid == by_leaf);
  const bool agree = by_leaf && by_leaf == by_root && cpuid_agrees;
  // A policy of somebody who did not think of simulators accepts none.
  const bool simulated = by_leaf == snp::Product::Simulator || by_root == snp::Product::Simulator ||
                         by_cpuid == snp::Product::Simulator;
  // A root that the policy brings (`roots`) is nobody's who makes hardware, whatever it is called.
  const bool foreign = !is_vendors(context.path);
  context.judge.appraisal().simulated = simulated || foreign;
  if (foreign && !context.path.empty()) {
    context.judge.warn(
        "no vendor's root stands for it: there is no hardware behind it, and it proves nothing");
  }
  const bool meant = !simulated || !context.policy.snp.product.is_any();
  const bool accepted = agree && meant && context.policy.snp.product.contains(*by_leaf);
  std::vector<std::string> wanted;
  for (const snp::Product product : context.policy.snp.product.values()) {
    wanted.emplace_back(to_string(product));
  }
  context.judge.check(
      Check::SnpProduct, accepted,
      context.policy.snp.product.is_any() ? "one product of AMD's throughout" : list_of(wanted),
      concat("processor ", report.cpuid ? text(by_cpuid) : "not told", ", endorsement ",
             text(by_leaf), ", root ", text(by_root)));
}

/// The provider of a VLEK by the value of its CSP_ID: genuine ones begin with "CN=", which a policy
/// may leave out.
bool accepts_provider(const SnpPolicy& policy, const std::string& provider) {
  constexpr std::string_view prefix = "CN=";
  const auto plain = [&](std::string_view name) {
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
  };
  return policy.provider.is_any() ||
         std::ranges::any_of(policy.provider.values(), [&](const std::string& each) {
           return plain(each) == plain(provider);
         });
}

void judge_leaf_kind(Context& context) {
  const snp::Report& report = context.evidence.report;
  std::string got = concat("report ", to_string(report.signing_key));
  bool passed = false;
  if (context.endorsed && !context.path.empty()) {
    const bool vlek = context.path[0].common_name() == "SEV-VLEK";
    const bool vcek = context.path[0].common_name() == "SEV-VCEK";
    const auto& endorsed = *context.endorsed;
    got += concat(", certificate ", base::printable(context.path[0].common_name(), 32),
                  endorsed.hwid ? ", has HWID" : ", no HWID");
    if (endorsed.csp_id) got += concat(", provider ", *endorsed.csp_id);
    if (report.signing_key == snp::SigningKey::Vcek) {
      passed = vcek && endorsed.hwid && !endorsed.csp_id;
    } else if (report.signing_key == snp::SigningKey::Vlek) {
      passed = vlek && !endorsed.hwid && endorsed.csp_id &&
               accepts_provider(context.policy.snp, *endorsed.csp_id);
    }
    // Whoever names providers wants one of them, and a VCEK names none.
    if (!vlek && !context.policy.snp.provider.is_any()) passed = false;
  }
  passed = passed && context.policy.snp.signing_key.contains(report.signing_key);
  std::vector<std::string> wanted;
  for (const snp::SigningKey key : context.policy.snp.signing_key.values()) {
    wanted.emplace_back(to_string(key));
  }
  const auto providers = context.policy.snp.provider.values();
  context.judge.check(
      Check::SnpLeafKind, passed,
      concat(context.policy.snp.signing_key.is_any() ? "VCEK with HWID, or VLEK with a provider"
                                                     : list_of(wanted),
             context.policy.snp.provider.is_any()
                 ? ""
                 : ", provider " + list_of({providers.begin(), providers.end()})),
      got);
}

/// Our own lists of a root.
struct RootLists {
  std::vector<const x509::Crl*> fresh;  ///< different ones, each signed, fresh and young enough
  bool of_vleks = false;                ///< one of them is known to be about VLEKs
  bool of_others = false;               ///< of one this is not known
  bool unsound = false;                 ///< one is not sound
  [[nodiscard]] bool are_both() const noexcept { return of_vleks && of_others; }
};

bool is_sound(const x509::Crl& list, const x509::Certificate& root, const Context& context) {
  const codec::UnixTime now = context.judge.now();
  return list.validity().contains(now) &&
         context.policy.is_young_enough(Aging::List, list.validity().not_before, now) &&
         context.collateral.memo.holds(root.key(), list.signature());
}

/// AMD keeps two, one for VCEKs and one for VLEKs, and neither says which of them it is: two
/// editions of one of them look like both. So one counts as that of VLEKs by the name that it was
/// kept under, and only beside another, since a name may be wrong. What came along with the
/// evidence never counts, not even where the policy trusts such lists: who sends them would choose
/// the two on which his VLEK cannot be.
RootLists own_lists_of(const x509::Certificate& root, const Context& context) {
  RootLists found;
  const auto vlek_lists = context.collateral.vlek_lists();
  for (const x509::Crl& list : context.collateral.own_lists()) {
    if (!std::ranges::equal(list.issuer(), root.subject())) continue;
    if (!is_sound(list, root, context)) {
      found.unsound = true;
      continue;
    }
    const bool known = std::ranges::any_of(found.fresh, [&](const x509::Crl* each) {
      return std::ranges::equal(each->signature().message, list.signature().message);
    });
    if (known) continue;
    found.fresh.push_back(&list);
    const bool of_vleks =
        std::ranges::any_of(vlek_lists, [&](const x509::Crl& each) { return &each == &list; });
    (of_vleks ? found.of_vleks : found.of_others) = true;
  }
  return found;
}

bool carries_list_of(const x509::Certificate& root, const Collateral& collateral) {
  return std::ranges::any_of(collateral.carried_lists(), [&](const x509::Crl& list) {
    return std::ranges::equal(list.issuer(), root.subject());
  });
}

bool is_listed(const x509::Certificate& leaf, const x509::Certificate& root,
               const Collateral& collateral) {
  return std::ranges::any_of(collateral.lists, [&](const x509::Crl& list) {
    return std::ranges::equal(list.issuer(), root.subject()) && list.lists(leaf.serial()) &&
           collateral.memo.holds(root.key(), list.signature());
  });
}

/// The answer rests on each of these lists, and ends with the first.
void use_lists(const RootLists& lists, Judge& judge, const Policy& policy) {
  for (const x509::Crl* list : lists.fresh) {
    judge.use(*list, "revocation list");
    const auto last = policy.last_second_of(Aging::List, list->validity().not_before);
    if (last) judge.expire_by(*last);
  }
}

/// All VCEKs have the serial number 0; only VLEKs can be listed, by the ARK.
void judge_leaf_revocation(Context& context) {
  const x509::Certificate& leaf = context.path[0];
  const x509::Certificate& root = context.path[2];
  Judge& judge = context.judge;
  const bool vlek = leaf.common_name() == "SEV-VLEK";
  const std::string_view wanted =
      vlek ? "on neither of the ARK's two lists, both fresh" : "on no list of the ARK's";
  if (!vlek) {
    judge.check(Check::SnpLeafRevocation, true, std::string(wanted),
                "a VCEK, which AMD does not list");
    return;
  }
  if (is_listed(leaf, root, context.collateral)) {
    judge.check(Check::SnpLeafRevocation, false, std::string(wanted), "revoked");
    return;
  }
  const RootLists lists = own_lists_of(root, context);
  use_lists(lists, judge, context.policy);
  const std::size_t fresh = lists.fresh.size();
  std::string got = concat("on none; ", fresh, fresh == 1 ? " fresh list" : " fresh lists");
  const bool both = lists.are_both();
  if (!both && fresh >= 2) {
    got += lists.of_vleks ? ", all named after VLEKs, which could be one twice"
                          : ", of which no name tells that of VLEKs (ark-….crl, ark-…-vlek.crl)";
  }
  if (!both && carries_list_of(root, context.collateral)) {
    got += ", beside those that came along with the evidence and could be one twice";
  }
  if (!both && lists.unsound) {
    got += "; and of those that are there one is not valid at this time, too old or not signed";
  }
  // One that is there and does not count is not a missing one: it may be that of the VLEKs.
  const bool allowed = !both && context.policy.revocation == RevocationRule::IfPresent &&
                       !lists.unsound && context.collateral.unreadable_lists == 0;
  if (allowed) got += "; the policy allows that";
  const bool passed = both || allowed;
  judge.record({Check::SnpLeafRevocation, passed, true, std::string(wanted), std::move(got),
                passed ? Cause::Other : Cause::MissingEndorsement});
}

void judge_revocations(Context& context, bool vouched) {
  if (context.path.size() != 3) {
    for (const Check check : {Check::SnpCaRevocation, Check::SnpLeafRevocation}) {
      context.judge.cannot(check, "the chain is not complete", Cause::MissingEndorsement);
    }
    return;
  }
  const x509::Path& path = context.path;
  const bool vlek = path[0].common_name() == "SEV-VLEK";
  judge_revocation(context.judge, Check::SnpCaRevocation, path[1],
                   {path[2],
                    vlek ? ListsOfIssuer::Several : ListsOfIssuer::SeveralWithoutVleks,
                    vouched && is_vendors(path),
                    {Check::SnpAnchor, Check::SnpSignatures, Check::SnpNames, Check::SnpValidity,
                     Check::SnpConstraints}},
                   context.collateral, context.policy, context.collateral.memo);
  judge_leaf_revocation(context);
}

}  // namespace

void judge_chain(Context& context) {
  Judge& judge = context.judge;
  const snp::Report& report = context.evidence.report;
  judge.check(Check::SnpAlgorithm, report.signature_algorithm == 1, "1 (ECDSA P-384, SHA-384)",
              concat(report.signature_algorithm));
  const Leaf leaf = find_leaf(context);
  judge_form(context, leaf);
  judge_product(context);
  const PathChecks checks{Check::SnpAnchor, Check::SnpSignatures, Check::SnpNames,
                          Check::SnpValidity, Check::SnpConstraints};
  const bool vouched = judge_path(judge, context.path, amd_anchors(context.product, context.policy),
                                  context.collateral.memo, checks);
  if (context.path.empty()) {
    for (const Check check :
         {checks.signatures, checks.names, checks.validity, checks.constraints}) {
      judge.cannot(check, "there is no VCEK or VLEK", Cause::MissingEndorsement);
    }
  }
  const bool vlek = !context.path.empty() && context.path[0].common_name() == "SEV-VLEK";
  const std::array<std::string_view, 3> places{vlek ? "VLEK" : "VCEK", vlek ? "ASVK" : "ASK",
                                               "ARK"};
  for (std::size_t i = 0; i < context.path.size() && i < places.size(); ++i) {
    judge.use(context.path[i], places[i]);
  }
  judge_revocations(context, vouched);
  judge_leaf_kind(context);
  judge.check(Check::SnpSignature, leaf.signed_report, "the leaf's key over the first 672 bytes",
              leaf.text());
}

}  // namespace merlon::verify::sev_snp
