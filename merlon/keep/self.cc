#include "merlon/keep/self.h"

#include <chrono>

#include "merlon/crypto/secret_bytes.h"
#include "merlon/crypto/secret_heap.h"
#include "merlon/crypto/stir.h"
#include "merlon/identity/request.h"
#include "merlon/identity/sgx_attester.h"
#include "merlon/identity/snp_attester.h"
#include "merlon/os/attestation.h"
#include "merlon/os/poll.h"
#include "merlon/sgx/platform_collateral.h"
#include "merlon/sgx/quote.h"

namespace merlon::keep {

using core::ErrorCode;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// 1, 2, 4 … 256 ms: together half a second.
bool pause_before(unsigned tries) {
  constexpr unsigned most_tries = 9;
  if (tries >= most_tries) return false;
  static_cast<void>(os::poll({}, std::chrono::milliseconds(std::uint64_t{1} << tries)));
  return true;
}

core::Error busy() {
  return core::error(ErrorCode::Unavailable, "the host has no time for the processor");
}

/// By way of the shim and the host.
class HostCarrier final : public identity::Carrier {
 public:
  Result<Bytes> carry(core::ByteView sealed) override {
    constexpr std::size_t message_page = 4096;
    Bytes answer(message_page);
    const auto size = os::attest(core::AttestKind::GuestMessage, sealed, answer);
    if (!size) {
      if (size.error() == os::Errno::Again) return busy();
      return core::error(ErrorCode::Denied, "the host does not carry a message",
                         static_cast<std::uint64_t>(size.error()));
    }
    answer.resize(*size);
    return answer;
  }

  Bytes certificates() override {
    constexpr std::size_t most = std::size_t{64} << 10U;
    Bytes table(most);
    const auto size = os::attest(core::AttestKind::Certificates, {}, table);
    table.resize(size ? *size : 0);
    return table;
  }

  bool pause(unsigned tries) override { return pause_before(tries); }
};

/// What comes back at most.
std::size_t most_of(core::AttestKind kind) {
  switch (kind) {
    case core::AttestKind::Report: return sgx::Report::size;
    case core::AttestKind::Key: return 16;
    case core::AttestKind::QuoteTarget: return sgx::TargetInfo::size;
    case core::AttestKind::Quote: return sgx::max_quote_size;
    case core::AttestKind::Collateral:
    case core::AttestKind::GuestMessage:
    case core::AttestKind::Certificates: break;
  }
  return sgx::max_collateral_size;
}

/// By way of the shim, which answers by itself what the processor answers.
class ShimCalls final : public identity::EnclaveCalls {
 public:
  Result<Bytes> ask(core::AttestKind kind, core::ByteView sent) override {
    Bytes answer(most_of(kind));
    for (unsigned tries = 0;; ++tries) {
      const auto size = os::attest(kind, sent, answer);
      if (size) {
        answer.resize(*size);
        return answer;
      }
      if (size.error() != os::Errno::Again) return refusal(size.error());
      if (!pause_before(tries)) return busy();
    }
  }

 private:
  static core::Error refusal(os::Errno reason) {
    const auto detail = static_cast<std::uint64_t>(reason);
    if (reason == os::Errno::Acces) {
      return core::error(ErrorCode::Denied, "versions above the keep's own or the platform's",
                         detail);
    }
    const bool none = reason == os::Errno::Nosys || reason == os::Errno::Notsup;
    return core::error(none ? ErrorCode::Unsupported : ErrorCode::Denied,
                       none ? "nobody quotes for this enclave on its host"
                            : "the host does not have this enclave quoted",
                       detail);
  }
};

}  // namespace

/// What attests this keep, and what nobody but it and this keep knows, until keys are made.
struct Self::Processor {
  virtual ~Processor() = default;
  [[nodiscard]] virtual identity::Attester& attester() noexcept = 0;
  [[nodiscard]] virtual Result<crypto::SecretBytes> take_seed() = 0;
};

namespace {

struct SnpProcessor final : Self::Processor {
  explicit SnpProcessor(identity::FirmwareSecrets secrets)
      : own(std::move(secrets.vmpck0), carrier), seed(std::move(secrets.seed)) {}
  identity::Attester& attester() noexcept override { return own; }
  Result<crypto::SecretBytes> take_seed() override { return std::move(seed); }

  HostCarrier carrier;
  identity::SnpAttester own;
  crypto::SecretBytes seed;
};

struct SgxProcessor final : Self::Processor {
  identity::Attester& attester() noexcept override { return own; }
  Result<crypto::SecretBytes> take_seed() override { return own.seed(); }

  ShimCalls calls;
  identity::SgxAttester own{calls};
};

}  // namespace

Self::Self() {
  if (os::is_enclave()) {
    attested_ = true;
    processor_ = std::make_unique<SgxProcessor>();
    return;
  }
  const auto secrets = os::secrets_page();
  attested_ = secrets.has_value();
  if (!secrets) {
    trouble_ = core::error(ErrorCode::Unsupported,
                           "no security processor attests this keep: its backend has none");
    return;
  }
  auto taken = identity::take_secrets(*secrets);
  crypto::wipe(*secrets);
  if (taken) {
    processor_ = std::make_unique<SnpProcessor>(*std::move(taken));
  } else {
    trouble_ = taken.error();
  }
}

Self::~Self() = default;

Result<Self::Processor*> Self::processor() {
  if (trouble_) return *trouble_;
  return processor_.get();
}

Result<const identity::SessionKeys*> Self::keys() {
  if (!attested_) {
    if (!keys_) keys_ = TRY(identity::SessionKeys::generate(evidence::Technology::Kvm));
    return &*keys_;
  }
  Processor* const processor = TRY(this->processor());
  if (!keys_) {
    if (!crypto::start_secret_heap()) {
      return core::error(ErrorCode::Exhausted, "no memory for keys");
    }
    const crypto::SecretBytes seed = TRY(processor->take_seed());
    if (!crypto::stir(seed.reveal())) {
      return core::error(ErrorCode::Internal, "no random numbers");
    }
    keys_ = TRY(identity::SessionKeys::generate(processor->attester().technology()));
  }
  return &*keys_;
}

Result<Bytes> Self::evidence_for(const evidence::ReportData& data) {
  return TRY(processor())->attester().evidence_for(data);
}

Result<evidence::Technology> Self::technology() {
  return TRY(processor())->attester().technology();
}

Result<identity::KeyVersions> Self::newest_key_versions() {
  return TRY(processor())->attester().newest_key_versions();
}

Result<crypto::SecretBytes> Self::platform_key(const identity::KeyVersions& versions) {
  return TRY(processor())->attester().platform_key(versions);
}

Result<core::ByteView> Self::evidence() {
  if (evidence_.empty()) {
    Processor* const processor = TRY(this->processor());
    const identity::SessionKeys* const keys = TRY(this->keys());
    evidence_ = TRY(evidence_for(keys->as_enarx(processor->attester().technology())));
  }
  return core::ByteView(evidence_);
}

Result<Bytes> Self::measurement() {
  const core::ByteView evidence = TRY(this->evidence());
  return processor_->attester().measurement_of(evidence);
}

Bytes Self::certificates() {
  const auto processor = this->processor();
  return processor ? (*processor)->attester().certificates() : Bytes();
}

Result<Self::Requests> Self::requests_around(core::ByteView evidence) {
  const identity::SessionKeys& keys = *TRY(this->keys());
  const auto technology =
      attested_ ? processor_->attester().technology() : evidence::Technology::Kvm;
  const Bytes table = certificates();
  const auto with = [&](const std::optional<evidence::WorkloadClaims>& workload) {
    return identity::certification_request(keys, technology, evidence, table, workload);
  };
  Requests made;
  made.request = TRY(with(workload_));
  if (workload_) made.as_enarx = TRY(with(std::nullopt));
  return made;
}

Result<Self::Requests> Self::requests() {
  if (!attested_) return requests_around({});
  return requests_around(TRY(evidence()));
}

Result<Bytes> Self::request() { return TRY(requests()).request; }

Result<Self::Requests> Self::fresh_requests() {
  if (!attested_) return requests();
  const identity::SessionKeys* const keys = TRY(this->keys());
  const Bytes evidence = TRY(evidence_for(keys->as_enarx(processor_->attester().technology())));
  return requests_around(evidence);
}

Result<Bytes> Self::request_holding(const evidence::ReportData& data) {
  const Bytes evidence = TRY(evidence_for(data));
  return TRY(requests_around(evidence)).request;
}

namespace {

void name_keys(const identity::SessionKeys& keys, launch::Proof& proof) {
  proof.tls_key = keys.tls_spki();
  const core::ByteView hpke = keys.hpke().public_key().view();
  proof.hpke_key.assign(hpke.begin(), hpke.end());
}

Result<launch::Proof> make_proof(Self& self, const evidence::Nonce& nonce) {
  const identity::SessionKeys* const keys = TRY(self.keys());
  launch::Proof proof;
  proof.evidence = TRY(self.evidence_for(keys->bound_to(nonce)));
  proof.certificates = self.certificates();
  name_keys(*keys, proof);
  auto request = self.request();
  // Without the host's certificates there is no request, and the evidence is as good as before.
  if (request) {
    proof.request = *std::move(request);
  } else if (request.error().code == ErrorCode::Denied) {
    return request.error();
  }
  return proof;
}

/// Of a keep that nothing attests.
Result<launch::Proof> name_without_proof(Self& self) {
  launch::Proof proof;
  name_keys(*TRY(self.keys()), proof);
  return proof;
}

}  // namespace

Result<Bytes> prove(Self& self, const launch::Message& message, os::BorrowedFd channel) {
  const bool only_named = message.purpose == launch::Purpose::Receive && !self.is_attested();
  launch::ProofAnswer answer;
  auto proof = only_named ? name_without_proof(self)
                          : make_proof(self, evidence::Nonce::from(message.nonce).value());
  if (proof) {
    answer.proof = *std::move(proof);
  } else {
    answer.refusal = proof.error().message();
  }
  TRY(launch::send(channel, answer));
  return std::move(answer.proof.evidence);
}

}  // namespace merlon::keep
