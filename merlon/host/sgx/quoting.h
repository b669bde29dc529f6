#pragma once

// What a keep asks of those who quote on this machine (core/attest_call.h: QuoteTarget, Quote,
// Collateral), carried. The keep looks at all of it itself.

#include <cstdint>
#include <vector>

#include "merlon/host/aesm/quote_service.h"
#include "merlon/sallyport/host/request.h"

namespace merlon::host::sgx {

class Quoting {
 public:
  /// `collateral` is Intel's word on the machine as aesm/collateral.h reads it: before this process
  /// gives up files. Empty: the evidence can be judged by whoever has it from elsewhere.
  Quoting(aesm::QuoteService service, std::vector<std::uint8_t> collateral)
      : service_(std::move(service)), collateral_(std::move(collateral)) {}

  /// EAGAIN: later. What else goes wrong is told on standard error, once, and is EIO.
  [[nodiscard]] sallyport::Outcome answer(const sallyport::Request& request);

 private:
  [[nodiscard]] sallyport::Outcome refused(const HostError& error);

  aesm::QuoteService service_;
  std::vector<std::uint8_t> collateral_;
  bool has_told_ = false;
};

}  // namespace merlon::host::sgx
