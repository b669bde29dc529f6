#pragma once

// A simulated machine's quoting enclave behind the protocol of aesmd (launch/aesm.h), over one
// channel. Whoever is at its other end may carry what enclaves made up.

#include "merlon/launch/aesm.h"
#include "merlon/os/fd.h"
#include "merlon/simulate/sgx_store.h"

namespace merlon::simulate {

class AesmServer {
 public:
  explicit AesmServer(LateSgxPlatform platform) noexcept : platform_(std::move(platform)) {}

  /// The answer to one message. aesmd's own numbers for what is wrong: a parameter error for a key,
  /// a room or a REPORT that is not right; service unavailable for a platform that is spoilt.
  /// Errors: those of AesmRequest::parse().
  [[nodiscard]] core::Result<launch::AesmAnswer> answer(core::ByteView message);

  /// Until the other end closes, which is no error. Errors: those of the channel, and of answer().
  [[nodiscard]] core::Result<void> serve(os::BorrowedFd channel);

 private:
  [[nodiscard]] std::uint32_t answer_to(const launch::AesmRequest& request,
                                        launch::AesmAnswer& answer);

  LateSgxPlatform platform_;
};

}  // namespace merlon::simulate
