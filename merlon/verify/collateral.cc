#include "merlon/verify/collateral.h"

#include <algorithm>

namespace merlon::verify {

namespace {

void add_document(Collateral& to, const std::string& text) {
  auto json = sgx::SignedJson::parse(text);
  if (json && json->member == "tcbInfo") {
    if (auto info = sgx::TcbInfo::parse(json->value)) {
      json->value = {};  // said all it had to say
      to.tcb_infos.push_back({*std::move(json), *std::move(info)});
      return;
    }
  } else if (json) {
    if (auto identity = sgx::EnclaveIdentity::parse(json->value)) {
      json->value = {};
      to.identities.push_back({*std::move(json), *std::move(identity)});
      return;
    }
  }
  ++to.unreadable;
}

void learn(Collateral& all) {
  for (const x509::Certificate& issuer : all.certificates) {
    for (const x509::Certificate& subject : all.certificates) {
      if (std::ranges::equal(issuer.subject(), subject.issuer())) {
        all.memo.learn(issuer.key(), subject.signature());
      }
    }
    for (const x509::Crl& list : all.lists) {
      if (std::ranges::equal(issuer.subject(), list.issuer())) {
        all.memo.learn(issuer.key(), list.signature());
      }
    }
    if (issuer.common_name() != "Intel SGX TCB Signing") continue;
    for (const auto& document : all.tcb_infos) {
      all.memo.learn(issuer.key(), signed_by(document.json));
    }
    for (const auto& document : all.identities) {
      all.memo.learn(issuer.key(), signed_by(document.json));
    }
  }
}

}  // namespace

x509::Signed signed_by(const sgx::SignedJson& json) noexcept {
  return {core::as_bytes(json.body), x509::SignatureAlgorithm::RawEcdsaSha256,
          json.signature.view()};
}

Collateral Collateral::parse(const evidence::Endorsements& endorsements) {
  Collateral made;
  for (const evidence::Bytes& der : endorsements.certificates) {
    if (auto certificate = x509::Certificate::parse(der)) {
      made.certificates.push_back(*std::move(certificate));
    } else {
      ++made.unreadable;
    }
  }
  for (const evidence::Bytes& der : endorsements.revocation_lists) {
    if (auto list = x509::Crl::parse(der)) {
      made.lists.push_back(*std::move(list));
    } else {
      ++made.unreadable;
      ++made.unreadable_lists;
    }
  }
  for (const std::string& text : endorsements.documents) add_document(made, text);
  return made;
}

Collateral Collateral::prepare(const evidence::Endorsements& endorsements) {
  Collateral made = parse(endorsements);
  learn(made);
  return made;
}

}  // namespace merlon::verify
