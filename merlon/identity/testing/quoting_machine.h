#pragma once

// For tests: the processor, the quoting enclave and the host of an enclave, any of which may
// answer otherwise than a real one. Its signatures are zeros: a keep looks at none.

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <vector>

#include "merlon/identity/sgx_attester.h"
#include "merlon/sgx/key_request.h"
#include "merlon/sgx/quote.h"

namespace merlon::identity::testing {

using Bytes = std::vector<std::uint8_t>;

template <std::size_t size>
Bytes bytes_of(const std::array<std::uint8_t, size>& array) {
  return {array.begin(), array.end()};
}

inline void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }
inline void append(Bytes& to, std::uint64_t number, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) to.push_back(static_cast<std::uint8_t>(number >> 8 * i));
}

/// Of version 3 [SGX-QUOTE Appendix A.4].
inline Bytes quote_of(const Bytes& body) {
  const Bytes intel{0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                    0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
  Bytes signature(64 + 64 + 384 + 64, 0);
  append(signature, 0, 2);  // authentication data
  append(signature, 5, 2);  // certification data: a chain
  append(signature, 4, 4);
  append(signature, Bytes{'c', 'e', 'r', 't'});
  Bytes quote;
  append(quote, 3, 2);
  append(quote, 2, 2);  // ECDSA-P256
  append(quote, 0, 8);  // TEE SGX, QE SVN and PCE SVN
  append(quote, intel);
  append(quote, Bytes(20, 0));
  append(quote, body);
  append(quote, signature.size(), 4);
  append(quote, signature);
  return quote;
}

class QuotingMachine final : public EnclaveCalls {
 public:
  QuotingMachine() {
    enclave.mr_enclave = sgx::MrEnclave::from(Bytes(32, 0x3e)).value();
    enclave.cpu_svn = sgx::CpuSvn::from(Bytes(16, 0x05)).value();
    enclave.svn = 7;
    target.mr_enclave = sgx::MrEnclave::from(Bytes(32, 0x9e)).value();
  }

  core::Result<Bytes> ask(core::AttestKind kind, core::ByteView sent) override {
    asked.push_back(kind);
    if (const auto found = lies.find(kind); found != lies.end()) {
      return found->second(answer(kind, {sent.begin(), sent.end()}));
    }
    return answer(kind, {sent.begin(), sent.end()});
  }

  sgx::ReportBody enclave;               ///< what the processor says of it
  sgx::TargetInfo target;                ///< the quoting enclave
  Bytes collateral;                      ///< what the host has
  std::vector<sgx::KeyRequest> keys;     ///< that it asked for
  std::vector<sgx::TargetInfo> targets;  ///< of its reports
  std::vector<core::AttestKind> asked;
  /// What comes back in the place of a true answer.
  std::map<core::AttestKind, std::function<core::Result<Bytes>(Bytes)>> lies;

 private:
  Bytes answer(core::AttestKind kind, const Bytes& sent) {
    switch (kind) {
      case core::AttestKind::QuoteTarget: return bytes_of(target.to_bytes());
      case core::AttestKind::Report: return report(sent);
      case core::AttestKind::Quote: return quote_of({sent.begin(), sent.begin() + 384});
      case core::AttestKind::Key: {
        keys.push_back(sgx::KeyRequest::parse(sent).value());
        return Bytes(16, keys.back().key_id.view().back());
      }
      case core::AttestKind::Collateral: return collateral;
      case core::AttestKind::GuestMessage:
      case core::AttestKind::Certificates: break;
    }
    return {};
  }
  Bytes report(const Bytes& sent) {
    const core::ByteView all(sent);
    targets.push_back(sgx::TargetInfo::parse(all.first(sgx::TargetInfo::size)).value());
    sgx::Report made;
    made.body = enclave;
    made.body.report_data = sgx::ReportData::from(all.subspan(sgx::TargetInfo::size)).value();
    return bytes_of(made.to_bytes());
  }
};

}  // namespace merlon::identity::testing
