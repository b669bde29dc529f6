#pragma once

// What an enclave holds before it is entered, as one ordered stream of pages: shim, thread control,
// frames for interrupted state, boot page, keep and its first stack. The launcher and the hasher
// are two sinks of the same stream. Addresses stand in sallyport/enclave.h.

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/image/elf.h"

namespace merlon::image {

/// What EADD is told of a page [SDM vol. 3D SECINFO.FLAGS].
enum class EnclavePage : std::uint8_t {
  Read,
  ReadWrite,
  ReadExecute,
  ThreadControl,  ///< a TCS: not even the enclave reaches it
};
/// SECINFO.FLAGS: rights and type.
[[nodiscard]] constexpr std::uint64_t secinfo_flags(EnclavePage page) noexcept {
  constexpr std::uint64_t read = 1, write = 2, execute = 4, thread_control = 0x100, regular = 0x200;
  switch (page) {
    case EnclavePage::Read: return regular | read;
    case EnclavePage::ReadWrite: return regular | read | write;
    case EnclavePage::ReadExecute: return regular | read | execute;
    case EnclavePage::ThreadControl: return thread_control;
  }
  return 0;
}

/// Takes pages, in order of the stream.
class EnclaveSink {
 public:
  virtual ~EnclaveSink() = default;
  /// Adds `bytes` at `offset` from the enclave's base, a multiple of 4096, and zeros up to `size`,
  /// a multiple of 4096 as well. All of it is measured.
  [[nodiscard]] virtual core::Result<void> add(EnclavePage page, std::uint64_t offset,
                                               core::ByteView bytes, std::uint64_t size) = 0;
};

/// What a host needs to know of it to enter it: nothing that it could not read in the stream.
struct EnclaveLayout {
  std::uint64_t pages = 0;  ///< how many were added
};

/// Sends everything to `sink`. The same programs give the same stream.
///
/// Errors: Unsupported (a shim that is not fixed, a keep that is) · Exhausted (too large) · those
/// of the sink.
[[nodiscard]] core::Result<EnclaveLayout> lay_out_enclave(const Program& shim, const Program& keep,
                                                          EnclaveSink& sink);

}  // namespace merlon::image
