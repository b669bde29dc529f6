// The quoting enclave and what it signed.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/verify/dcap/context.h"
#include "merlon/verify/roots.h"
#include "merlon/verify/text.h"

namespace merlon::verify::dcap {

using base::concat;

namespace {

void judge_signatures(Context& context) {
  const sgx::Quote& quote = context.quote;
  Judge& judge = context.judge;
  if (context.pck_path.empty()) {
    judge.cannot(Check::QeReportSignature, "the quote has no PCK chain");
  } else {
    const x509::Signed report{quote.qe_report_bytes, x509::SignatureAlgorithm::RawEcdsaSha256,
                              quote.qe_signature.view()};
    const bool holds = x509::verify(context.pck_path[0].key(), report);
    judge.check(Check::QeReportSignature, holds, "the PCK's over the QE's report",
                holds ? "it holds" : "it does not hold");
  }

  const auto digest = crypto::sha256({quote.attestation_key.view(), quote.qe_authentication});
  const core::ByteView data = quote.qe_report.report_data.view();
  const bool bound = std::ranges::equal(data.first(32), digest.view());
  const bool zero = std::ranges::all_of(data.subspan(32), [](std::uint8_t b) { return b == 0; });
  judge.check(Check::AttestationKeyBinding, bound && zero,
              concat(base::hex(digest.view()), " and 32 zero bytes"), base::hex(data));

  const auto key = crypto::PublicKey::ec(crypto::KeyKind::P256, quote.attestation_key.view());
  if (!key) {
    judge.check(Check::QuoteSignature, false, "the attestation key's over header and body",
                "the attestation key is no point of the curve");
    return;
  }
  const bool holds = x509::verify(
      {*key, quote.attestation_key.view()},
      {quote.signed_bytes, x509::SignatureAlgorithm::RawEcdsaSha256, quote.signature.view()});
  judge.check(Check::QuoteSignature, holds, "the attestation key's over header and body",
              holds ? "it holds" : "it does not hold");
}

bool equal_under(core::ByteView value, core::ByteView wanted, core::ByteView mask) noexcept {
  for (std::size_t i = 0; i < value.size(); ++i) {
    if ((value[i] & mask[i]) != (wanted[i] & mask[i])) return false;
  }
  return true;
}

std::string masked(core::ByteView value, core::ByteView mask) {
  return concat(base::hex(value), " under mask ", base::hex(mask));
}

void judge_identity(Context& context) {
  Judge& judge = context.judge;
  if (context.identity == nullptr) {
    for (const Check check : {Check::QeSigner, Check::QeProduct, Check::QeMiscSelect,
                              Check::QeAttributes, Check::QeTcb}) {
      judge.cannot(check, "there is no identity of the quoting enclave");
    }
    return;
  }
  const sgx::EnclaveIdentity& wanted = *context.identity->identity;
  const sgx::ReportBody& qe = context.quote.qe_report;
  judge.check(Check::QeSigner, qe.mr_signer == wanted.mr_signer, hex_of(wanted.mr_signer),
              hex_of(qe.mr_signer));
  judge.check(Check::QeProduct, qe.product_id == wanted.product_id, concat(wanted.product_id),
              concat(qe.product_id));
  std::array<std::uint8_t, 4> misc{};
  for (std::size_t i = 0; i < 4; ++i)
    misc[i] = static_cast<std::uint8_t>(qe.misc_select >> (8 * i));
  judge.check(Check::QeMiscSelect,
              equal_under(misc, wanted.misc_select.view(), wanted.misc_select_mask.view()),
              masked(wanted.misc_select.view(), wanted.misc_select_mask.view()), base::hex(misc));
  // The mask decides whether a debug QE is excluded; Intel's does, and we do not rely on it.
  const bool attributes =
      equal_under(qe.attributes().view(), wanted.attributes.view(), wanted.attributes_mask.view());
  judge.check(
      Check::QeAttributes, attributes && !qe.is_debug(),
      concat(masked(wanted.attributes.view(), wanted.attributes_mask.view()), ", not DEBUG"),
      hex_of(qe.attributes()));

  const auto level = std::ranges::find_if(
      wanted.levels, [&](const sgx::IsvLevel& each) { return qe.svn >= each.svn; });
  if (level == wanted.levels.end()) {
    judge.check(Check::QeTcb, false, "a level of Intel's",
                concat("version ", qe.svn, " reaches none"));
    return;
  }
  context.qe_level = {level->status, level->advisories};
  judge.check(Check::QeTcb, level->status != sgx::TcbStatus::Revoked, "a level that is not Revoked",
              concat("version ", qe.svn, ": ", to_string(level->status)));
}

}  // namespace

void judge_quote(Context& context) {
  judge_signatures(context);
  judge_identity(context);
}

void judge_dcap(Context& context) {
  judge_pck(context);
  judge_collateral(context);
  judge_quote(context);
  if (context.td != nullptr) judge_module(context);
  judge_tcb(context);
  Judge& judge = context.judge;
  judge.claim("quote version", concat(context.quote.version));
  if (context.pck) {
    // A root that the policy brings (`roots`) is nobody's who makes hardware, whatever it is
    // called.
    judge.appraisal().simulated = is_simulator(context.pck->fmspc) || !is_vendors(context.pck_path);
    if (judge.appraisal().simulated) {
      judge.warn(
          "no vendor's root stands for it: there is no hardware behind it, and it proves "
          "nothing");
    }
    judge.claim("FMSPC", hex_of(context.pck->fmspc));
    judge.claim("PCEID", hex_of(context.pck->pce_id));
    judge.claim("PPID", hex_of(context.pck->ppid));
    judge.claim("TCB components", svns_text(context.pck->components));
    judge.claim("PCESVN", concat(context.pck->pce_svn));
  }
  judge.claim("QE version", concat(context.quote.qe_report.svn));
}

}  // namespace merlon::verify::dcap
