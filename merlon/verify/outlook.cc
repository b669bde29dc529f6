#include "merlon/verify/outlook.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"

namespace merlon::verify {

using base::concat;

namespace {

std::string claim_of(const Appraisal& appraisal, std::string_view name) {
  const auto found = std::ranges::find(appraisal.claims, name, &Claim::name);
  return found == appraisal.claims.end() ? std::string() : found->value;
}

std::string product_of(const Appraisal& appraisal) {
  constexpr std::string_view ark = "CN=ARK-";
  for (const Lifetime& each : appraisal.lifetimes) {
    const std::size_t at = each.what == "ARK" ? each.name.find(ark) : std::string::npos;
    if (at == std::string::npos) continue;
    const std::string_view rest = std::string_view(each.name).substr(at + ark.size());
    return std::string(rest.substr(0, rest.find(',')));
  }
  return "";
}

void name(Outlook& found, const Appraisal& now) {
  const bool amds = now.technology == evidence::Technology::Snp;
  const std::string of = amds ? product_of(now) : claim_of(now, "FMSPC");
  found.kind = concat(to_string(now.technology), of.empty() ? "" : " ", of);
  found.machine = claim_of(now, amds ? "chip id" : "PPID");
  if (found.machine.find_first_not_of('0') == std::string::npos) found.machine.clear();
}

void expect(Outlook& found, codec::UnixTime from, std::string reason) {
  if (!found.refused_from || from < *found.refused_from) found.refused_from = from;
  found.reasons.push_back(std::move(reason));
}

/// What is waived counts until a day.
void look_at_waivers(Outlook& found, const Appraisal& now, const Policy& policy,
                     codec::UnixTime time) {
  for (const auto* waivers : {&policy.dcap.waivers, &policy.snp.waivers}) {
    for (const std::string& each : now.advisories) {
      const Waiver* waiver = find_waiver(*waivers, each, time);
      if (waiver == nullptr || waiver->until == Waiver::forever) continue;
      expect(found, {waiver->until.seconds + 1},
             concat(each, " is waived until ", codec::to_rfc3339(waiver->until).substr(0, 10)));
    }
  }
}

struct Quoted {
  const sgx::Quote* quote = nullptr;
  const tdx::TdReport* td = nullptr;
};

struct QuotedIn {
  Quoted operator()(const evidence::SgxEvidence& evidence) const {
    return {&evidence.quote, nullptr};
  }
  Quoted operator()(const evidence::TdxEvidence& evidence) const {
    return {&evidence.quote, &evidence.report};
  }
  Quoted operator()(const auto&) const { return {}; }
};

std::optional<sgx::PckExtension> pck_of(const sgx::Quote& quote) {
  const auto blocks = codec::pem_blocks(core::as_text(quote.pck_chain), codec::PemRule::OnlyBlocks);
  if (!blocks) return std::nullopt;
  for (const codec::PemBlock& block : *blocks) {  // in any order
    const auto certificate = x509::Certificate::parse(block.bytes);
    if (!certificate) continue;
    const auto* extension = x509::find_extension(certificate->extensions(), sgx::pck_extension_oid);
    if (extension == nullptr) continue;
    if (auto pck = sgx::PckExtension::parse(extension->value)) return *std::move(pck);
  }
  return std::nullopt;
}

/// The text of a member, printable; empty if there is none.
std::string text_in(const codec::JsonValue& object, std::string_view member) {
  const codec::JsonValue* value = object.find(member);
  return value == nullptr ? std::string() : base::printable(value->text(), 60);
}

/// What Intel says of a component: "BIOS, Early Microcode Update".
std::string raised_by(const codec::JsonValue& info, std::size_t level, std::string_view list,
                      std::size_t place) {
  const codec::JsonValue* levels = info.find("tcbLevels");
  if (levels == nullptr || level >= levels->items().size()) return "";
  const codec::JsonValue* tcb = levels->items()[level].find("tcb");
  const codec::JsonValue* all = tcb == nullptr ? nullptr : tcb->find(list);
  if (all == nullptr || place >= all->items().size()) return "";
  const std::string category = text_in(all->items()[place], "category");
  const std::string type = text_in(all->items()[place], "type");
  return concat(category, category.empty() || type.empty() ? "" : ", ", type);
}

/// The newest that fits the platform.
const TcbInfoDocument* newest_for(const Collateral& early, const sgx::PckExtension& pck, bool tdx) {
  const TcbInfoDocument* newest = nullptr;
  for (const TcbInfoDocument& each : early.tcb_infos) {
    if (each.info->fmspc != pck.fmspc || each.info->is_tdx != tdx) continue;
    const bool newer =
        newest == nullptr || newest->info->evaluation_number < each.info->evaluation_number;
    if (newer) newest = &each;
  }
  return newest;
}

/// What is short of the first level that is up to date.
void add_shortfalls(Outlook& found, const Quoted& quoted, const sgx::PckExtension& pck,
                    const TcbInfoDocument& document) {
  const auto& levels = document.info->levels;
  const auto wanted = std::ranges::find(levels, sgx::TcbStatus::UpToDate, &sgx::TcbLevel::status);
  if (wanted == levels.end()) return;
  const auto place = static_cast<std::size_t>(wanted - levels.begin());
  const auto info = codec::JsonDocument::parse(document.json->body);
  if (!info) return;  // it was read before
  const auto compare = [&](std::span<const std::uint8_t> has, const sgx::SvnComponents& wants,
                           std::string_view name, std::string_view list) {
    for (std::size_t i = 0; i < wants.size() && i < has.size(); ++i) {
      if (has[i] >= wants[i]) continue;
      found.shortfalls.push_back({concat(name, " component ", i + 1), has[i], wants[i],
                                  raised_by(info->root(), place, list, i)});
    }
  };
  compare(pck.components, wanted->sgx, "SGX", "sgxtcbcomponents");
  if (pck.pce_svn < wanted->pce_svn) {
    found.shortfalls.push_back({"PCESVN", pck.pce_svn, wanted->pce_svn, "platform software (PCE)"});
  }
  if (quoted.td != nullptr && wanted->tdx) {
    compare(quoted.td->tee_tcb_svn.view(), *wanted->tdx, "TDX", "tdxtcbcomponents");
  }
}

/// As everybody will judge when the early documents are the only ones.
void look_at_early(Outlook& found, const evidence::Evidence& evidence, const Collateral& own,
                   const Collateral& early, const Policy& policy, const Moment& moment) {
  const Quoted quoted = std::visit(QuotedIn{}, evidence.report);
  if (quoted.quote == nullptr) return;
  const auto pck = pck_of(*quoted.quote);
  const TcbInfoDocument* document = pck ? newest_for(early, *pck, quoted.td != nullptr) : nullptr;
  if (document == nullptr) return;
  Collateral later = own;
  const auto add = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  later.certificates.insert(later.certificates.end(), early.certificates.begin(),
                            early.certificates.end());
  add(later.tcb_infos, early.tcb_infos);
  add(later.identities, early.identities);
  const Appraisal then = appraise(evidence, later, policy, moment);
  if (then.accepted()) return;
  // Until then what is in use counts; Intel may give the newer ones to all when it ends.
  codec::UnixTime end{moment.now};
  for (const TcbInfoDocument& each : own.tcb_infos) {
    if (each.info->fmspc == pck->fmspc && each.info->is_tdx == document->info->is_tdx) {
      end = std::max(end, each.info->period.next_update);
    }
  }
  for (const Finding& each : then.findings) {
    if (each.passed || !each.made) continue;
    expect(found, end,
           concat("Intel's evaluation ", document->info->evaluation_number, ": ",
                  row_of(each.check).name, ": ", each.got));
  }
  add_shortfalls(found, quoted, *pck, *document);
}

}  // namespace

Outlook outlook(const evidence::Evidence& evidence, const Appraisal& now, const Collateral& own,
                const Collateral& early, const Policy& policy, const Moment& moment) {
  Outlook found;
  name(found, now);
  found.accepted = now.accepted();
  if (!found.accepted) {
    for (const Finding& each : now.findings) {
      if (each.passed || !each.made) continue;
      found.reasons.push_back(concat(row_of(each.check).name, ": ", each.got));
    }
    return found;
  }
  look_at_waivers(found, now, policy, moment.now);
  if (!early.tcb_infos.empty()) look_at_early(found, evidence, own, early, policy, moment);
  return found;
}

}  // namespace merlon::verify
