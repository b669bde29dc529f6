// Which of Intel's levels the platform reaches, and what that means together with its parts.

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/verify/dcap/context.h"
#include "merlon/verify/text.h"

namespace merlon::verify::dcap {

using base::concat;

namespace {

bool reaches(std::span<const std::uint8_t> have, std::span<const std::uint8_t> floor,
             std::size_t from) noexcept {
  for (std::size_t i = from; i < floor.size(); ++i) {
    if (have[i] < floor[i]) return false;
  }
  return true;
}

/// Of the module that started the domain, and since TDX 1.5 of the one that runs it now: it can be
/// exchanged under a domain that goes on.
std::vector<core::ByteView> module_versions(const tdx::TdReport& td) {
  std::vector<core::ByteView> all{td.tee_tcb_svn.view()};
  if (td.tee_tcb_svn2 && *td.tee_tcb_svn2 != td.tee_tcb_svn) all.push_back(td.tee_tcb_svn2->view());
  return all;
}

std::string modules_text(const tdx::TdReport& td) {
  std::string text;
  for (const core::ByteView svn : module_versions(td)) {
    text += concat(text.empty() ? "" : " and now ", svns_text(svn));
  }
  return text;
}

/// Both kinds of components, and PCESVN.
bool reaches(const sgx::PckExtension& pck, const tdx::TdReport* td, const sgx::TcbLevel& level) {
  if (!reaches(pck.components, level.sgx, 0) || pck.pce_svn < level.pce_svn) return false;
  if (td == nullptr) return true;
  if (!level.tdx) return false;
  // With a module that has identities of its own, its two components are judged by those.
  return std::ranges::all_of(module_versions(*td), [&](core::ByteView svn) {
    return reaches(svn, *level.tdx, svn[1] > 0 ? 2 : 0);
  });
}

void keep_rows(Context& context, const sgx::PckExtension& pck, const sgx::TcbLevel* taken) {
  for (const sgx::TcbLevel& level : context.tcb_info->info->levels) {
    TcbRow row;
    row.status = to_string(level.status);
    row.date = codec::to_rfc3339(level.date);
    row.versions = concat(svns_text(level.sgx), ", PCE ", level.pce_svn);
    if (level.tdx) row.versions += concat(", TDX ", svns_text(*level.tdx));
    for (const std::string& advisory : level.advisories) {
      row.advisories.push_back(base::printable(advisory, 40));
    }
    row.reached = reaches(pck, context.td, level);
    row.taken = &level == taken;
    context.judge.appraisal().tcb_levels.push_back(std::move(row));
  }
}

std::string statuses_text(const std::set<sgx::TcbStatus>& statuses) {
  std::string text;
  for (const sgx::TcbStatus status : statuses) {
    text += concat(text.empty() ? "" : " or ", to_string(status));
  }
  return text.empty() ? "none" : text;
}

/// The level of the platform, and of each part that has one.
std::vector<PartLevel> levels_of(const Context& context, const sgx::TcbLevel& level) {
  std::vector<PartLevel> all{{level.status, level.advisories}};
  if (context.qe_level) all.push_back(*context.qe_level);
  all.insert(all.end(), context.module_levels.begin(), context.module_levels.end());
  return all;
}

std::vector<std::string> each_once(std::vector<std::string> names) {
  std::ranges::sort(names);
  const auto doubled = std::ranges::unique(names);
  names.erase(doubled.begin(), doubled.end());
  return names;
}

/// All that Intel names for the level and for the parts, each once.
std::vector<std::string> open_advisories(std::span<const PartLevel> levels) {
  std::vector<std::string> open;
  for (const PartLevel& each : levels) {
    open.insert(open.end(), each.advisories.begin(), each.advisories.end());
  }
  return each_once(std::move(open));
}

/// What must be waived of a platform that is not UpToDate together with its parts: each advisory
/// that is open, and of the platform and each part for which Intel names none, its own status. So
/// what is waived of the one never covers another that is out of date as well.
std::vector<std::string> names_to_waive(std::span<const PartLevel> levels) {
  std::vector<std::string> names = open_advisories(levels);
  for (const PartLevel& each : levels) {
    const bool named = each.status == sgx::TcbStatus::UpToDate || !each.advisories.empty();
    if (!named) names.emplace_back(to_string(each.status));
  }
  return each_once(std::move(names));
}

std::string waivers_text(const std::vector<std::string>& names) {
  std::string text = "waivers = [";
  for (const std::string& name : names) {
    text += concat("\n  { advisory = \"", base::printable(name, 64), "\", until = YYYY-MM-DD },");
  }
  return text + "\n]";
}

/// What the policy would need for all of it, since a status alone is not enough.
std::string to_accept(sgx::TcbStatus status, std::span<const PartLevel> levels) {
  if (status == sgx::TcbStatus::Revoked) return "";
  return concat("[dcap]\nstatuses = [\"UpToDate\", \"", to_string(status), "\"]\n",
                waivers_text(names_to_waive(levels)));
}

/// The status of the platform together with its parts, if the policy accepts it.
std::optional<sgx::TcbStatus> judge_status(Context& context, const sgx::TcbLevel& level,
                                           std::span<const PartLevel> levels) {
  Judge& judge = context.judge;
  if (!context.qe_level || (context.td != nullptr && context.module_levels.empty())) {
    judge.cannot(Check::TcbStatus,
                 concat(context.qe_level ? "the TDX module" : "the quoting enclave",
                        " has no status (of the platform alone: ", to_string(level.status), ")"));
    return std::nullopt;
  }
  sgx::TcbStatus status = sgx::converge(level.status, context.qe_level->status);
  for (const PartLevel& module : context.module_levels) {
    status = sgx::converge(status, module.status);
  }
  judge.appraisal().tcb_status = status;
  const bool accepted =
      status != sgx::TcbStatus::Revoked && context.policy.dcap.statuses.contains(status);
  std::string got(to_string(status));
  if (status != level.status) {
    got += concat(" (platform ", to_string(level.status), ", quoting enclave ",
                  to_string(context.qe_level->status));
    for (const PartLevel& module : context.module_levels) {
      got += concat(", TDX module ", to_string(module.status));
    }
    got += ")";
  }
  judge.check(Check::TcbStatus, accepted, statuses_text(context.policy.dcap.statuses), got,
              to_accept(status, levels));
  return accepted ? std::optional(status) : std::nullopt;
}

/// Beyond UpToDate each weakness that is open must be waived by its name, up to a day.
void judge_waivers(Context& context, sgx::TcbStatus status, std::span<const PartLevel> levels) {
  Judge& judge = context.judge;
  std::vector<std::string> refused;
  const std::vector<std::string> names = names_to_waive(levels);
  for (const std::string& name : names) {
    const Waiver* waiver = find_waiver(context.policy.dcap.waivers, name, judge.now());
    if (waiver == nullptr) {
      refused.push_back(base::printable(name, 40));
    } else if (waiver->until != Waiver::forever) {
      judge.expire_by(waiver->until);
    }
  }
  judge.check(Check::Advisories, refused.empty(),
              concat("each waived up to a day, since the platform is ", to_string(status)),
              refused.empty() ? list_of(names) : "not waived: " + list_of(refused),
              concat("[dcap]\n", waivers_text(names)));
}

/// Of a platform that is UpToDate, and of one whose status has been refused already.
void judge_advisories(Context& context, const std::vector<std::string>& open,
                      const std::vector<std::string>& shown) {
  const Accept<std::string>& accept = context.policy.dcap.advisories;
  std::vector<std::string> refused;
  for (const std::string& advisory : open) {
    if (!accept.contains(advisory)) refused.push_back(base::printable(advisory, 40));
  }
  const auto named = accept.values();
  context.judge.check(Check::Advisories, refused.empty(),
                      accept.is_any() ? "any" : list_of({named.begin(), named.end()}),
                      refused.empty() ? list_of(shown) : "not accepted: " + list_of(refused));
}

void judge_level(Context& context, const sgx::TcbLevel& level) {
  const std::vector<PartLevel> levels = levels_of(context, level);
  const std::vector<std::string> open = open_advisories(levels);
  std::vector<std::string> shown;
  for (const std::string& advisory : open) shown.push_back(base::printable(advisory, 40));
  context.judge.appraisal().advisories = shown;
  const auto status = judge_status(context, level, levels);
  if (status && *status != sgx::TcbStatus::UpToDate) {
    judge_waivers(context, *status, levels);
  } else {
    judge_advisories(context, open, shown);
  }
}

}  // namespace

void judge_tcb(Context& context) {
  Judge& judge = context.judge;
  if (context.tcb_info == nullptr || !context.pck) {
    for (const Check check : {Check::TcbLevel, Check::TcbStatus, Check::Advisories}) {
      judge.cannot(check, "there is no TCB info of this platform");
    }
    return;
  }
  const auto& levels = context.tcb_info->info->levels;
  const auto taken = std::ranges::find_if(
      levels, [&](const sgx::TcbLevel& level) { return reaches(*context.pck, context.td, level); });
  keep_rows(context, *context.pck, taken == levels.end() ? nullptr : &*taken);
  std::string have =
      concat("components ", svns_text(context.pck->components), ", PCE ", context.pck->pce_svn);
  if (context.td != nullptr) have += ", TDX " + modules_text(*context.td);
  if (taken == levels.end()) {
    judge.check(Check::TcbLevel, false, "one of Intel's levels", concat(have, ": reaches none"));
    judge.cannot(Check::TcbStatus, "no level is reached");
    judge.cannot(Check::Advisories, "no level is reached");
    return;
  }
  judge.check(Check::TcbLevel, true, "one of Intel's levels",
              concat(have, ": level of ", codec::to_rfc3339(taken->date)));
  judge_level(context, *taken);
}

namespace {

/// The identity that speaks about a module of these versions.
const sgx::TdxModuleIdentity* module_of(const Context& context, core::ByteView svn) {
  const sgx::TcbInfo& info = *context.tcb_info->info;
  const std::uint8_t major = svn[1];
  if (major == 0) return info.module ? &*info.module : nullptr;
  const std::array<std::uint8_t, 1> bytes{major};
  const std::string id = concat("TDX_", base::hex(bytes));
  const auto found = std::ranges::find_if(info.modules, [&](const sgx::TdxModuleIdentity& each) {
    return base::equal_ignoring_case(each.id, id);  // Intel's digits are of both cases
  });
  return found == info.modules.end() ? nullptr : &*found;
}

struct FoundLevel {
  std::optional<PartLevel> level;
  std::string text;
};

FoundLevel level_of(const Context& context, core::ByteView version) {
  const sgx::TdxModuleIdentity* const module = module_of(context, version);
  const unsigned svn = version[0];
  if (module == nullptr) {
    return {{}, concat("version ", unsigned{version[1]}, ".", svn, ": Intel names no such module")};
  }
  if (module->id.empty()) {
    return {PartLevel{sgx::TcbStatus::UpToDate, {}},
            concat("version ", svn, ": judged with the platform's components")};
  }
  const auto level = std::ranges::find_if(
      module->levels, [&](const sgx::IsvLevel& each) { return svn >= each.svn; });
  if (level == module->levels.end()) {
    return {{}, concat(module->id, " version ", svn, " reaches none")};
  }
  return {PartLevel{level->status, level->advisories},
          concat(module->id, " version ", svn, ": ", to_string(level->status))};
}

/// None of them counts unless all of them have a level.
void judge_module_levels(Context& context) {
  bool passed = true;
  std::string got;
  std::vector<PartLevel> levels;
  for (const core::ByteView version : module_versions(*context.td)) {
    const FoundLevel found = level_of(context, version);
    got += concat(got.empty() ? "" : "; now ", found.text);
    passed = passed && found.level && found.level->status != sgx::TcbStatus::Revoked;
    if (found.level) levels.push_back(*found.level);
  }
  if (levels.size() == module_versions(*context.td).size()) {
    context.module_levels = std::move(levels);
  }
  context.judge.check(Check::TdxModuleTcb, passed, "a level that is not Revoked", got);
}

}  // namespace

void judge_module(Context& context) {
  Judge& judge = context.judge;
  const sgx::TdxModuleIdentity* const module =
      context.tcb_info == nullptr ? nullptr : module_of(context, context.td->tee_tcb_svn.view());
  if (module == nullptr) {
    for (const Check check :
         {Check::TdxModuleSigner, Check::TdxModuleAttributes, Check::TdxModuleTcb}) {
      judge.cannot(check, "Intel's documents do not name this TDX module");
    }
    return;
  }
  const tdx::TdReport& td = *context.td;
  judge.check(Check::TdxModuleSigner,
              std::ranges::equal(td.mr_signer_seam.view(), module->mr_signer.view()),
              hex_of(module->mr_signer), hex_of(td.mr_signer_seam));
  bool attributes = true;
  for (std::size_t i = 0; i < tdx::SeamAttributes::size; ++i) {
    const std::uint8_t mask = module->attributes_mask.view()[i];
    attributes = attributes &&
                 (td.seam_attributes.view()[i] & mask) == (module->attributes.view()[i] & mask);
  }
  // Beyond what Intel asks: no bit of SEAMATTRIBUTES has a meaning that we could accept.
  judge.check(Check::TdxModuleAttributes, attributes && td.seam_attributes.is_zero(),
              concat(hex_of(module->attributes), " under mask ", hex_of(module->attributes_mask),
                     ", all zero"),
              hex_of(td.seam_attributes));
  judge_module_levels(context);
}

}  // namespace merlon::verify::dcap
