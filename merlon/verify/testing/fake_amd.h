#pragma once

// For tests: an AMD of our own, whose every statement can be changed before it is signed.

#include "merlon/evidence/evidence.h"
#include "merlon/snp/testing/make.h"
#include "merlon/verify/verifier.h"
#include "merlon/x509/testing/issue.h"

namespace merlon::verify::testing {

using x509::testing::Bytes;
using x509::testing::CertificateTemplate;
using x509::testing::CrlTemplate;
using x509::testing::SigningKey;

struct FakeAmd {
  explicit FakeAmd(std::string_view product = "Milan", bool vlek = false);

  SigningKey root_key{crypto::KeyKind::P384}, ca_key{crypto::KeyKind::P384},
      leaf_key{crypto::KeyKind::P384};
  CertificateTemplate root, ca, leaf;
  snp::testing::EndorsementShape endorsed;
  CrlTemplate list;
  CrlTemplate second_list;  ///< AMD has two of one issuer; under a VCEK one is enough
  Bytes report;             ///< without its signature
  bool bad_signature = false;
  bool stranger_signs_leaf = false;
  bool stranger_signs_second_list = false;
  bool no_second_list = true;
  std::string second_list_name = "ark-Milan-vlek.crl";
  bool no_list = false, no_leaf = false, no_ca = false;
  bool p256_leaf = false;  ///< a key of another curve

  [[nodiscard]] Bytes signed_report() const;
  [[nodiscard]] evidence::Endorsements endorsements() const;
  [[nodiscard]] Policy policy() const;
};

}  // namespace merlon::verify::testing
