#pragma once

// One enclave's processor over a channel: its launch, then its reports and keys (EREPORT, EGETKEY).

#include <string>

#include "merlon/os/fd.h"
#include "merlon/simulate/enclave_launch.h"

namespace merlon::simulate {

class EnclaveServer {
 public:
  EnclaveServer(EnclaveProcessor processor, PageFiles files)
      : processor_(std::move(processor)), launch_(std::move(files)) {}

  /// Until the other end closes the channel. Errors: of the channel.
  [[nodiscard]] core::Result<void> serve(os::BorrowedFd channel);

  /// What a request is answered; nothing if it is one without an answer.
  [[nodiscard]] std::optional<launch::FirmwareAnswer> answer(launch::FirmwareRequest request);

 private:
  [[nodiscard]] launch::FirmwareAnswer perform(launch::FirmwareRequest request);
  [[nodiscard]] launch::FirmwareAnswer report(core::ByteView payload);
  [[nodiscard]] launch::FirmwareAnswer key(core::ByteView payload);

  EnclaveProcessor processor_;
  EnclaveLaunch launch_;
};

}  // namespace merlon::simulate
