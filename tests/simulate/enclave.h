#pragma once

// For tests: an enclave on a simulated machine, and a host that may answer with something else.

#include <functional>
#include <optional>

#include "merlon/identity/sgx_attester.h"
#include "merlon/simulate/testing/sgx_machine.h"

namespace merlon::identity::testing {

class Enclave final : public EnclaveCalls {
 public:
  using Bytes = std::vector<std::uint8_t>;
  /// What it is asked, and what comes back in place of the answer.
  using Meddler =
      std::function<std::optional<core::Result<Bytes>>(core::AttestKind, core::ByteView)>;

  explicit Enclave(Meddler meddler = {}) : meddler_(std::move(meddler)) {}

  core::Result<Bytes> ask(core::AttestKind kind, core::ByteView sent) override {
    if (meddler_) {
      if (auto answer = meddler_(kind, sent)) return *std::move(answer);
    }
    return honest(kind, sent);
  }

  core::Result<Bytes> honest(core::AttestKind kind, core::ByteView sent) {
    const simulate::QuotingEnclave quoting(platform);
    switch (kind) {
      case core::AttestKind::Report: {
        const auto target = TRY(sgx::TargetInfo::parse(sent.first(sgx::TargetInfo::size)));
        const auto data = TRY(sgx::ReportData::from(sent.subspan(sgx::TargetInfo::size)));
        return bytes_of(platform.processor.ereport(self, target, data).to_bytes());
      }
      case core::AttestKind::Key: {
        const auto request = TRY(sgx::KeyRequest::parse(sent));
        const auto key = platform.processor.egetkey(self, request);
        if (!key) return core::error(core::ErrorCode::Denied, "EGETKEY gives no key");
        return bytes_of(key->reveal());
      }
      case core::AttestKind::QuoteTarget: return bytes_of(quoting.target().to_bytes());
      case core::AttestKind::Quote: return quoting.quote(sent);
      case core::AttestKind::Collateral: return collateral;
      case core::AttestKind::GuestMessage:
      case core::AttestKind::Certificates: break;
    }
    return core::error(core::ErrorCode::Unsupported, "no enclave's question");
  }

  simulate::SgxPlatform platform = simulate::testing::sgx_platform();
  simulate::EnclaveIdentity self = simulate::testing::keep_enclave();
  Bytes collateral;

 private:
  static Bytes bytes_of(core::ByteView view) { return {view.begin(), view.end()}; }

  Meddler meddler_;
};

}  // namespace merlon::identity::testing
