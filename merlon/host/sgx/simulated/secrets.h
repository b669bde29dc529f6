#pragma once

// What of a simulated processor is a secret of the machine's: reports and keys. A process of its
// own, merlon-simulator, has it; it is told the enclave's pages as they are added, and this process
// only carries what the enclave asks for.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/host/aesm/quote_service.h"
#include "merlon/host/host_error.h"
#include "merlon/launch/firmware.h"
#include "merlon/os/fd.h"

namespace merlon::host::sgx::simulated {

/// merlon-simulator in the place of aesmd, with the machine in the directory `platform`. It ends
/// with the service. Errors: NotFound (no such program).
[[nodiscard]] core::Result<aesm::QuoteService, HostError> start_quoting(
    const std::string& platform);

class Secrets {
 public:
  static constexpr std::size_t target_size = 512, data_size = 64, report_size = 432,
                               request_size = 512, key_size = 16;

  /// A program of the keep: its file, and what this process sees of it.
  struct Source {
    os::BorrowedFd file;
    core::ByteView bytes;  ///< outlives this object
  };
  /// Starts merlon-simulator, which lies beside this program, with the machine in the directory
  /// `platform`. It ends when this object does. Errors: NotFound (no such program).
  [[nodiscard]] static core::Result<Secrets, HostError> start(const std::string& platform,
                                                              std::span<const Source> sources);

  /// The same with whoever is at the other end of `channel`.
  [[nodiscard]] static Secrets over(os::Fd channel, std::span<const Source> sources) {
    return {std::move(channel), sources};
  }

  /// EADD and EEXTEND; zeros behind the bytes, up to `size`.
  [[nodiscard]] core::Result<void> add(std::uint32_t flags, std::uint64_t offset,
                                       core::ByteView bytes, std::uint64_t size);
  /// EINIT. Denied: it is another enclave than was signed; the text says what to do.
  [[nodiscard]] core::Result<void, HostError> start_enclave(core::ByteView sigstruct);

  /// EREPORT of TARGETINFO and REPORTDATA; nothing if the simulator gives none.
  [[nodiscard]] std::optional<std::array<std::uint8_t, report_size>> report(core::ByteView target,
                                                                            core::ByteView data);
  /// What EGETKEY leaves in RAX where it gives no key; 0 if it raises #GP(0).
  struct NoKey {
    std::uint16_t code = 0;
  };
  /// EGETKEY.
  [[nodiscard]] core::Result<std::array<std::uint8_t, key_size>, NoKey> key(core::ByteView request);

 private:
  Secrets(os::Fd channel, std::span<const Source> sources);
  [[nodiscard]] core::Result<launch::FirmwareAnswer> ask(launch::FirmwareCommand command,
                                                         core::ByteView payload);

  os::Fd channel_;
  std::vector<core::ByteView> sources_;
};

}  // namespace merlon::host::sgx::simulated
