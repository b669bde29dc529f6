#include "merlon/keep/prove.h"

#include <chrono>

#include "merlon/crypto/secret_bytes.h"
#include "merlon/crypto/secret_heap.h"
#include "merlon/identity/request.h"
#include "merlon/identity/snp_attester.h"
#include "merlon/launch/proof.h"
#include "merlon/os/attestation.h"
#include "merlon/os/poll.h"

namespace merlon::keep {

using core::ErrorCode;
using core::Result;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// By way of the shim and the host.
class HostCarrier final : public identity::Carrier {
 public:
  Result<Bytes> carry(core::ByteView sealed) override {
    constexpr std::size_t message_page = 4096;
    Bytes answer(message_page);
    const auto size = os::attest(core::AttestKind::GuestMessage, sealed, answer);
    if (!size) {
      if (size.error() == os::Errno::Again) {
        return core::error(ErrorCode::Unavailable, "the host has no time for the processor");
      }
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

  /// 1, 2, 4 … 256 ms: together half a second.
  bool pause(unsigned tries) override {
    constexpr unsigned most_tries = 9;
    if (tries >= most_tries) return false;
    static_cast<void>(os::poll({}, std::chrono::milliseconds(std::uint64_t{1} << tries)));
    return true;
  }
};

Result<launch::Proof> proof_of(identity::Attester& attester, const evidence::Nonce& nonce) {
  const auto keys = TRY(identity::SessionKeys::generate(attester.technology()));
  launch::Proof proof;
  proof.evidence = TRY(attester.evidence_for(keys.bound_to(nonce)));
  proof.certificates = attester.certificates();
  proof.tls_key = keys.tls_spki();
  const core::ByteView hpke = keys.hpke().public_key().view();
  proof.hpke_key.assign(hpke.begin(), hpke.end());
  auto request = identity::certification_request(keys, attester, proof.certificates);
  // Without the host's certificates there is no request, and the evidence is as good as before.
  if (request) {
    proof.request = *std::move(request);
  } else if (request.error().code == ErrorCode::Denied) {
    return request.error();
  }
  return proof;
}

Result<launch::Proof> make_proof(const evidence::Nonce& nonce) {
  const auto secrets = os::secrets_page();
  if (!secrets) {
    return core::error(ErrorCode::Unsupported,
                       "no security processor attests this keep: its backend has none");
  }
  HostCarrier carrier;
  identity::SnpAttester attester(TRY(identity::take_vmpck0(*secrets)), carrier);
  if (!crypto::start_secret_heap()) {
    return core::error(ErrorCode::Exhausted, "no memory for keys");
  }
  return proof_of(attester, nonce);
}

}  // namespace

Result<void> prove(const launch::Message& message, os::BorrowedFd channel) {
  launch::ProofAnswer answer;
  auto proof = make_proof(evidence::Nonce::from(message.nonce).value());
  if (proof) {
    answer.proof = *std::move(proof);
  } else {
    answer.refusal = proof.error().message();
  }
  return launch::send(channel, answer);
}

void give_up_proving() noexcept {
  if (const auto secrets = os::secrets_page()) crypto::wipe(*secrets);
}

}  // namespace merlon::keep
