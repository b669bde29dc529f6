#pragma once

// For tests: an Intel of our own, whose every statement can be changed before it is signed.

#include <string>

#include "merlon/evidence/evidence.h"
#include "merlon/sgx/testing/make.h"
#include "merlon/verify/verifier.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::verify::testing {

using x509::testing::Bytes;
using x509::testing::CertificateTemplate;
using x509::testing::CrlTemplate;
using x509::testing::SigningKey;

/// What goes into signed JSON.
struct DocumentShape {
  std::string id = "SGX";
  int version = 3;
  std::string issued = "2025-06-01T00:00:00Z";
  std::string next = "2025-07-01T00:00:00Z";
  int evaluation = 17;
  std::string extra;   ///< members with a comma at their end
  std::string levels;  ///< content of tcbLevels
};

struct FakeIntel {
  explicit FakeIntel(bool tdx = false);

  bool is_tdx;
  SigningKey root_key{crypto::KeyKind::P256}, ca_key{crypto::KeyKind::P256},
      pck_key{crypto::KeyKind::P256}, signer_key{crypto::KeyKind::P256},
      attestation_key{crypto::KeyKind::P256};
  CertificateTemplate root, ca, pck, signer;
  sgx::testing::PckShape platform;
  CrlTemplate root_list, ca_list;
  DocumentShape tcb_info, identity;
  std::string identity_mask = "FBFFFFFFFFFFFFFF0000000000000000";  ///< of its attributes
  Bytes body;                                                      ///< report of enclave or domain
  Bytes qe_report;  ///< its report data is filled in when the quote is made
  Bytes authentication{1, 2, 3};
  std::uint16_t version;

  // What is done wrong on purpose.
  bool bad_quote_signature = false;
  bool bad_qe_signature = false;
  bool bad_binding = false;
  bool stranger_signs_leaf = false;
  bool bad_binding_tail = false;
  bool bad_attestation_key = false;
  bool bad_tcb_info_signature = false;
  bool bad_identity_signature = false;
  bool no_root_list = false, no_ca_list = false, no_signer = false, no_tcb_info = false,
       no_identity = false, no_pck_root = false, no_pck_ca = false;

  [[nodiscard]] Bytes quote() const;
  [[nodiscard]] evidence::Endorsements endorsements() const;
  /// Trusts this Intel's root, and nothing else is changed.
  [[nodiscard]] Policy policy() const;

  /// A quote of version 5 with a domain's report of TDX 1.5, in which no service domain is bound.
  void report_as_tdx_1_5();
};

/// JSON of a platform level with every component the same.
[[nodiscard]] std::string level(int svn, std::string_view status, bool tdx = false, int pce = 11,
                                int tdx_svn = 3, std::string_view advisories = "");
/// A TDX level whose first two TDX components, which of a module of TDX 1.0 are its versions, are
/// these.
[[nodiscard]] std::string tdx_1_0_level(int first, int second);
[[nodiscard]] std::string isv_level(int svn, std::string_view status,
                                    std::string_view advisories = "");

}  // namespace merlon::verify::testing
