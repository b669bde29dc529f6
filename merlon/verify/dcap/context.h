#pragma once

// Private to the room: what the checks of a DCAP quote share. Each function makes the checks named
// after it, all of them, whatever has failed before.

#include "merlon/verify/collateral.h"
#include "merlon/verify/judge.h"
#include "merlon/verify/policy.h"
#include "merlon/x509/path_builder.h"

namespace merlon::verify::dcap {

/// What Intel says of the level that a part of the platform reaches.
struct PartLevel {
  sgx::TcbStatus status;
  std::vector<std::string> advisories;
};

struct Context {
  Judge& judge;
  const sgx::Quote& quote;
  const Collateral& collateral;
  const Policy& policy;
  const tdx::TdReport* td = nullptr;  ///< null for SGX
  std::vector<x509::AnchorId> anchors;

  x509::SignatureMemo memo;  ///< the collateral's, and what this appraisal has found itself

  // Found on the way; empty or null where they are missing.
  x509::Path pck_path;                            ///< leaf, CA, root of the quote
  std::optional<sgx::PckExtension> pck;           ///< of the leaf
  std::vector<const x509::Certificate*> signers;  ///< TCB signing certificates to judge by
  const x509::Certificate* judged_signer = nullptr;
  bool signer_is_intels = false;               ///< its path ends in Intel's root, not a policy's
  const TcbInfoDocument* tcb_info = nullptr;   ///< of this platform
  const IdentityDocument* identity = nullptr;  ///< of this kind of quoting enclave
  /// The greatest evaluation number of any of these that is signed, over or not.
  std::uint32_t tcb_info_number = 0, identity_number = 0;
  std::optional<PartLevel> qe_level;
  std::vector<PartLevel> module_levels;  ///< of each module of TDX that the domain has run under
};

/// PckForm to PckRevocation.
void judge_pck(Context& context);
/// TcbInfoFound to TcbSignerRevocation.
void judge_collateral(Context& context);
/// QeReportSignature to QuoteSignature.
void judge_quote(Context& context);
/// TdxModuleSigner to TdxModuleTcb.
void judge_module(Context& context);
/// TcbLevel to Advisories.
void judge_tcb(Context& context);

/// All of these, and claims that SGX and TDX share.
void judge_dcap(Context& context);

}  // namespace merlon::verify::dcap
