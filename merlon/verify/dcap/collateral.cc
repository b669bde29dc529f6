// What Intel signed about platforms and quoting enclaves.

#include <algorithm>
#include <iterator>
#include <tuple>

#include "merlon/base/text.h"
#include "merlon/verify/dcap/context.h"
#include "merlon/verify/roots.h"

namespace merlon::verify::dcap {

using base::concat;
using x509::Certificate;

namespace {

/// Whose key made the signature; else any TCB signing certificate, to say what is wrong with it.
struct Signer {
  const Certificate* certificate = nullptr;
  bool signed_it = false;

  [[nodiscard]] std::string text() const {
    if (signed_it) return "it holds";
    return certificate == nullptr ? "there is no TCB signing certificate" : "it does not hold";
  }
};

Signer signer_of(const sgx::SignedJson& json, const Context& context) {
  Signer found;
  for (const Certificate* each : context.signers) {
    const bool good = context.memo.holds(each->key(), signed_by(json));
    // Of two certificates of one key, the one that still counts.
    const bool better = found.certificate == nullptr || (good && !found.signed_it) ||
                        (good && !found.certificate->validity().contains(context.judge.now()));
    if (better) found = {each, good};
  }
  return found;
}

/// Those of Intel's name; where there are several, a stranger's must not displace Intel's own.
void find_signers(Context& context, x509::PathBuilder& paths) {
  for (const Certificate& each : context.collateral.certificates) {
    if (each.common_name() == tcb_signer_name) context.signers.push_back(&each);
  }
  if (context.signers.size() < 2) return;
  std::vector<const Certificate*> vouched;
  std::ranges::copy_if(context.signers, std::back_inserter(vouched), [&](const Certificate* each) {
    return paths.standing_of(*each) != x509::Standing::None;
  });
  if (vouched.empty()) vouched.push_back(context.signers.front());  // to say what is wrong with it
  context.signers = std::move(vouched);
}

template <typename Document>
struct Best {
  const Document* document = nullptr;
  std::uint32_t number = 0;  ///< the greatest of those that are signed, over or not
};

/// The document to judge by: signed before unsigned, fresh before stale, then the newest. One that
/// is issued later than now is not known yet, and its number counts for nothing.
template <typename Document, typename Fits, typename Number>
Best<Document> best_of(const std::vector<Document>& documents, const Context& context,
                       const Fits& fits, const Number& number_and_period) {
  const codec::UnixTime now = context.judge.now();
  Best<Document> best;
  std::tuple<bool, bool, std::uint32_t, codec::UnixTime> best_rank{};
  const auto count = std::ranges::count_if(documents, fits);
  for (const Document& each : documents) {
    if (!fits(each)) continue;
    if (count == 1) return {&each, 0};
    const auto& [number, period] = number_and_period(each);
    const bool signed_it = signer_of(*each.json, context).signed_it;
    if (signed_it && period.issued <= now) best.number = std::max(best.number, number);
    const std::tuple rank{signed_it, period.contains(now), number, period.issued};
    if (best.document == nullptr || best_rank < rank) {
      best.document = &each;
      best_rank = rank;
    }
  }
  return best;
}

std::string unreadable_text(const std::vector<std::string>& reasons) {
  std::string text;
  for (const std::string& reason : reasons) {
    text += concat(text.empty() ? "; beside them cannot be read: " : "; ", reason);
  }
  return text;
}

/// Fetching again does not help against a document that is there and cannot be read.
Cause cause_of(bool found, const std::vector<std::string>& unreadable) noexcept {
  return found || !unreadable.empty() ? Cause::Other : Cause::MissingEndorsement;
}

void find_tcb_info(Context& context) {
  const bool tdx = context.td != nullptr;
  if (!context.pck) {
    context.judge.cannot(Check::TcbInfoFound, "the platform is not known");
    return;
  }
  const sgx::PckExtension& pck = *context.pck;
  const auto fits = [&](const TcbInfoDocument& each) {
    const bool version =
        each.info->version == 3 || (each.info->version == 2 && context.policy.dcap.tcb_info_v2);
    return version && each.info->is_tdx == tdx && each.info->fmspc == pck.fmspc &&
           each.info->pce_id == pck.pce_id;
  };
  const auto best = best_of(context.collateral.tcb_infos, context, fits, [](const auto& each) {
    return std::pair{each.info->evaluation_number, each.info->period};
  });
  context.tcb_info = best.document;
  context.tcb_info_number = best.number;
  const std::string wanted =
      concat(tdx ? "TDX" : "SGX", " TCB info ",
             context.policy.dcap.tcb_info_v2 ? "version 2 or 3" : "version 3", " for FMSPC ",
             base::hex(pck.fmspc.view()), ", PCEID ", base::hex(pck.pce_id.view()));
  std::string got = concat("none of ", context.collateral.tcb_infos.size(), " documents",
                           unreadable_text(context.collateral.unreadable_tcb_infos));
  if (context.tcb_info != nullptr)
    got = concat("version ", context.tcb_info->info->version, ", evaluation ",
                 context.tcb_info->info->evaluation_number);
  const bool found = context.tcb_info != nullptr;
  context.judge.record({Check::TcbInfoFound, found, true, wanted, got,
                        cause_of(found, context.collateral.unreadable_tcb_infos)});
}

void find_identity(Context& context) {
  const auto wanted = context.td != nullptr ? sgx::EnclaveId::TdQe : sgx::EnclaveId::Qe;
  const auto fits = [&](const IdentityDocument& each) { return each.identity->id == wanted; };
  const auto best = best_of(context.collateral.identities, context, fits, [](const auto& each) {
    return std::pair{each.identity->evaluation_number, each.identity->period};
  });
  context.identity = best.document;
  context.identity_number = best.number;
  const bool found = context.identity != nullptr;
  context.judge.record(
      {Check::QeIdentityFound, found, true, concat("identity of a ", to_string(wanted)),
       found ? concat("version ", context.identity->identity->version, ", evaluation ",
                      context.identity->identity->evaluation_number)
             : concat("none of ", context.collateral.identities.size(), " documents",
                      unreadable_text(context.collateral.unreadable_identities)),
       cause_of(found, context.collateral.unreadable_identities)});
}

/// One of Intel's two documents as both are judged.
struct Document {
  const sgx::SignedJson* json = nullptr;  ///< null: there is none
  sgx::IssuePeriod period = {};
  std::uint32_t number = 0;
  std::uint32_t known_number = 0;  ///< that another about the same has
  Origin origin = Origin::Own;
  std::string name = {};  ///< for who remembers it: no other document about the same has another
};

struct DocumentChecks {
  Check signature, fresh, evaluation;
  Aging aging;
  std::string_view what;
};

void judge_signer(Context& context, x509::PathBuilder& paths, const Certificate* signer) {
  if (signer == nullptr) {
    context.judge.cannot(Check::TcbSignerPath, "there is no TCB signing certificate",
                         Cause::MissingEndorsement);
    context.judge.cannot(Check::TcbSignerRevocation, "there is no TCB signing certificate",
                         Cause::MissingEndorsement);
    return;
  }
  const x509::Path path = paths.build(*signer);
  std::string got;
  const auto problems = x509::judge_path(path, context.anchors, context.judge.now(), context.memo);
  for (const x509::PathProblem& problem : problems) {
    got += concat(got.empty() ? "" : "; ", problem.subject, ": ", problem.what);
  }
  const bool two = path.size() == 2;
  if (!two) got += concat(got.empty() ? "" : "; ", "a path of ", path.size(), " certificates");
  context.judge.check(Check::TcbSignerPath, got.empty(),
                      "TCB signing certificate that is valid now, then a pinned root",
                      got.empty() ? concat(path.size(), " certificates") : got);
  context.judge.use(*signer, "TCB signing certificate");
  if (!two) {
    context.judge.cannot(Check::TcbSignerRevocation, "its issuer is not known",
                         Cause::MissingEndorsement);
    return;
  }
  context.judge.use(path[1], "root");
  context.signer_is_intels = is_vouched(problems) && is_vendors(path);
  judge_revocation(context.judge, Check::TcbSignerRevocation, *signer,
                   {path[1], ListsOfIssuer::One, context.signer_is_intels, {Check::TcbSignerPath}},
                   context.collateral, context.policy, context.memo);
}

void judge_freshness(Context& context, const Document& document, const DocumentChecks& checks) {
  Judge& judge = context.judge;
  const sgx::IssuePeriod& period = document.period;
  const bool current = period.contains(judge.now());
  const bool young = context.policy.is_young_enough(checks.aging, period.issued, judge.now());
  const bool over = period.next_update <= judge.now();
  judge.record(
      {checks.fresh, current && young, true,
       young ? "valid at this time" : "as young as the policy asks",
       concat("issued ", codec::to_rfc3339(period.issued), ", next ",
              codec::to_rfc3339(period.next_update), young ? "" : ", ",
              young ? "" : age_text(checks.aging, period.issued, judge.now(), context.policy)),
       over || !young ? Cause::StaleEndorsement : Cause::Other});
  judge.use({std::string(checks.what), concat("evaluation ", document.number), period.issued,
             codec::UnixTime{period.next_update.seconds - 1}, false});
  if (const auto last = context.policy.last_second_of(checks.aging, period.issued))
    judge.expire_by(*last);
}

/// Intel's number grows for all platforms together, and does not fall again once what has it is
/// over: an older document that is fresh says less than one that is known to be newer. Between two
/// of its steps a document about the same is issued again and again, and may say other things: a
/// level that is revoked since.
void judge_evaluation(Context& context, const Document& document, const DocumentChecks& checks) {
  const Memory& memory = context.judge.moment().memory;
  const std::uint32_t asked = context.policy.dcap.min_evaluation_number;
  const std::uint32_t seen = memory.evaluation_number;
  const std::uint32_t floor = std::max({asked, seen, document.known_number});
  const auto found = memory.documents.find(document.name);
  const bool older = found != memory.documents.end() && document.period.issued < found->second;
  const bool passed = document.number >= floor && !older;
  std::string wanted = concat("at least ", floor);
  if (floor > std::max(asked, seen)) {
    wanted += ", which another one here has";
  } else if (floor > asked) {
    wanted += ", which was seen before";
  }
  std::string got = concat(document.number);
  if (older) {
    wanted += concat(", issued ", codec::to_rfc3339(found->second), " or later, as one was before");
    got += concat(", issued ", codec::to_rfc3339(document.period.issued));
  }
  context.judge.record({checks.evaluation, passed, true, std::move(wanted), std::move(got),
                        passed ? Cause::Other : Cause::StaleEndorsement});
}

void judge_document(Context& context, x509::PathBuilder& paths, const Document& document,
                    const DocumentChecks& checks) {
  Judge& judge = context.judge;
  if (document.json == nullptr) {
    for (const Check check : {checks.signature, checks.fresh, checks.evaluation}) {
      judge.cannot(check, "there is no such document");
    }
    return;
  }
  const Signer signer = signer_of(*document.json, context);
  if (signer.certificate == nullptr || signer.certificate != context.judged_signer) {
    context.signer_is_intels = false;
    judge_signer(context, paths, signer.certificate);
    context.judged_signer = signer.certificate;
  }
  judge.check(checks.signature, signer.signed_it, "the TCB signing key's over these bytes",
              signer.text());
  judge_freshness(context, document, checks);
  judge_evaluation(context, document, checks);
  if (signer.signed_it && context.signer_is_intels && document.origin == Origin::Own) {
    Memory seen;
    seen.newest_issue = document.period.issued;
    seen.evaluation_number = document.number;
    seen.documents[document.name] = document.period.issued;
    judge.saw(std::move(seen),
              {checks.signature, Check::TcbSignerPath, Check::TcbSignerRevocation});
  }
}

Document document_of(const TcbInfoDocument* info, std::uint32_t known_number) {
  if (info == nullptr) return {};
  const sgx::TcbInfo& said = *info->info;
  return {info->json.get(),
          said.period,
          said.evaluation_number,
          known_number,
          info->origin,
          concat("tcb-", said.is_tdx ? "tdx-" : "sgx-", base::hex(said.fmspc.view()), "-",
                 base::hex(said.pce_id.view()))};
}

Document document_of(const IdentityDocument* identity, std::uint32_t known_number) {
  if (identity == nullptr) return {};
  const sgx::EnclaveIdentity& said = *identity->identity;
  return {identity->json.get(), said.period,      said.evaluation_number,
          known_number,         identity->origin, concat("identity-", to_string(said.id))};
}

}  // namespace

void judge_collateral(Context& context) {
  std::vector<Certificate> pool = context.collateral.certificates;
  pool.insert(pool.end(), context.pck_path.begin(), context.pck_path.end());
  x509::PathBuilder paths(pool, context.anchors, context.judge.now(), context.memo);
  find_signers(context, paths);
  find_tcb_info(context);
  find_identity(context);
  judge_document(context, paths, document_of(context.tcb_info, context.tcb_info_number),
                 {Check::TcbInfoSignature, Check::TcbInfoFresh, Check::TcbInfoEvaluation,
                  Aging::TcbInfo, "TCB info"});
  judge_document(context, paths, document_of(context.identity, context.identity_number),
                 {Check::QeIdentitySignature, Check::QeIdentityFresh, Check::QeIdentityEvaluation,
                  Aging::Identity, "QE identity"});
  if (context.tcb_info == nullptr && context.identity == nullptr) {
    judge_signer(context, paths, nullptr);
  }
}

}  // namespace merlon::verify::dcap
