#include "merlon/verify/collateral.h"

#include <algorithm>
#include <set>

#include "merlon/base/text.h"
#include "merlon/x509/path.h"

namespace merlon::verify {

namespace {

constexpr std::size_t most_reasons = 8;

/// Whoever has a document that cannot be read must not be told that he has none.
void note(std::vector<std::string>& reasons, std::string reason) {
  if (reasons.size() < most_reasons) reasons.push_back(std::move(reason));
}

void add_document(Collateral& to, const std::string& text, Origin origin) {
  auto json = sgx::SignedJson::parse(text);
  if (json && json->member == "tcbInfo") {
    auto info = sgx::TcbInfo::parse(json->value());
    if (info) {
      json->document = {};  // said all it had to say
      to.tcb_infos.push_back({std::make_shared<const sgx::SignedJson>(*std::move(json)),
                              std::make_shared<const sgx::TcbInfo>(*std::move(info)), origin});
      return;
    }
    const core::Error& error = info.error();
    note(to.unreadable_tcb_infos,
         error.detail == 0 ? std::string(error.what)
                           : base::concat(error.what, " (level or byte ", error.detail, ")"));
  } else if (json) {
    auto identity = sgx::EnclaveIdentity::parse(json->value());
    if (identity) {
      json->document = {};
      to.identities.push_back({std::make_shared<const sgx::SignedJson>(*std::move(json)),
                               std::make_shared<const sgx::EnclaveIdentity>(*std::move(identity)),
                               origin});
      return;
    }
    note(to.unreadable_identities, std::string(identity.error().what));
  }
  ++to.unreadable;
}

/// Computes signatures among the artefacts, as far as it is worth it: what is not learned is
/// computed when it is asked for.
class Learner {
 public:
  explicit Learner(Collateral& all) : all_(all) {}

  void learn() {
    std::set<crypto::Sha256Digest> keys;  // several editions of a certificate have one
    for (const x509::Certificate& issuer : all_.certificates) {
      if (!keys.insert(x509::anchor_of(issuer)).second) continue;
      const auto& constraints = issuer.basic_constraints();
      if (constraints && constraints->ca) learn_issued(issuer);
      if (issuer.common_name() == tcb_signer_name) learn_documents(issuer);
    }
  }

 private:
  void learn_issued(const x509::Certificate& issuer) {
    for (const x509::Certificate& subject : all_.certificates) {
      if (std::ranges::equal(issuer.subject(), subject.issuer()))
        learn_one(issuer, subject.signature());
    }
    for (const x509::Crl& list : all_.lists) {
      if (std::ranges::equal(issuer.subject(), list.issuer())) learn_one(issuer, list.signature());
    }
  }
  void learn_documents(const x509::Certificate& issuer) {
    for (const auto& each : all_.tcb_infos) learn_one(issuer, signed_by(*each.json));
    for (const auto& each : all_.identities) learn_one(issuer, signed_by(*each.json));
  }
  void learn_one(const x509::Certificate& issuer, const x509::Signed& subject) {
    if (left_ == 0) return;
    --left_;
    all_.memo.learn(issuer.key(), subject);
  }

  Collateral& all_;
  std::size_t left_ = 4096;  // strangers may have filled the bag with namesakes
};

}  // namespace

x509::Signed signed_by(const sgx::SignedJson& json) noexcept {
  return {core::as_bytes(json.body), x509::SignatureAlgorithm::RawEcdsaSha256,
          json.signature.view()};
}

namespace {

/// What the other has as well is not looked at again.
template <typename T>
bool has(const std::vector<T>* other, const T& value) {
  return other != nullptr && std::ranges::find(*other, value) != other->end();
}

/// Adds what stands in `from` and not in `before`, whose is there already.
void add(Collateral& to, const evidence::Endorsements& from, const evidence::Endorsements* before,
         Origin origin) {
  for (const evidence::Bytes& der : from.certificates) {
    if (has(before == nullptr ? nullptr : &before->certificates, der)) continue;
    if (auto certificate = x509::Certificate::parse(der)) {
      to.certificates.push_back(*std::move(certificate));
    } else {
      ++to.unreadable;
    }
  }
  for (const evidence::Bytes& der : from.revocation_lists) {
    if (has(before == nullptr ? nullptr : &before->revocation_lists, der)) continue;
    if (auto list = x509::Crl::parse(der)) {
      to.lists.push_back(*std::move(list));
    } else {
      ++to.unreadable;
      ++to.unreadable_lists;
    }
  }
  for (const std::string& text : from.documents) {
    if (!has(before == nullptr ? nullptr : &before->documents, text)) {
      add_document(to, text, origin);
    }
  }
}

}  // namespace

Collateral Collateral::parse(const evidence::Endorsements& own,
                             const evidence::Endorsements& carried) {
  Collateral made;
  add(made, own, nullptr, Origin::Own);
  made.own_list_count = made.lists.size();
  const auto others = std::ranges::partition(made.lists, [&](const x509::Crl& list) {
    return std::ranges::any_of(own.vlek_lists, [&](const evidence::Bytes& each) {
      return std::ranges::equal(each, list.der());
    });
  });
  made.vlek_list_count = made.own_list_count - others.size();
  add(made, carried, &own, Origin::Carried);
  return made;
}

Collateral Collateral::with_carried(const evidence::Endorsements& carried) const {
  MERLON_CHECK(own_list_count == lists.size());
  Collateral made = *this;
  evidence::Endorsements fresh;
  for (const evidence::Bytes& der : carried.certificates) {
    const bool known = std::ranges::any_of(certificates, [&](const x509::Certificate& each) {
      return std::ranges::equal(each.der(), der);
    });
    if (!known) fresh.certificates.push_back(der);
  }
  for (const evidence::Bytes& der : carried.revocation_lists) {
    const bool known = std::ranges::any_of(
        lists, [&](const x509::Crl& each) { return std::ranges::equal(each.der(), der); });
    if (!known) fresh.revocation_lists.push_back(der);
  }
  fresh.documents = carried.documents;
  add(made, fresh, nullptr, Origin::Carried);
  return made;
}

Collateral Collateral::prepare(const evidence::Endorsements& own,
                               const evidence::Endorsements& carried) {
  Collateral made = parse(own, carried);
  Learner(made).learn();
  return made;
}

}  // namespace merlon::verify
