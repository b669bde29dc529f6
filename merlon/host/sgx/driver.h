#pragma once

// What an enclave needs of the kernel's driver and of the processor, as an interface: the real one,
// a simulated one, and in tests one that lies. [SDM vol. 3D; LINUX Documentation/arch/x86/sgx.rst]

#include <cstdint>

#include "merlon/core/bytes.h"
#include "merlon/host/host_error.h"
#include "merlon/image/enclave_layout.h"
#include "merlon/os/errno.h"
#include "merlon/sallyport/boot.h"

namespace merlon::host::sgx {

/// Pages of the enclave: address, and size in bytes.
struct Pages {
  std::uint64_t address = 0;
  std::uint64_t size = 0;
};

/// The two ways in.
enum class Leaf : std::uint32_t { Enter = 2, Resume = 3 };

/// How an enclave was left.
struct Left {
  enum class Way : std::uint8_t {
    Exit,       ///< by EEXIT; `reason` is what it had in rdi
    Exception,  ///< by an exception: `vector`, `error`, `address` as the kernel has them
    Refused,    ///< it was not entered: no frame is free for another interruption
  };
  Way way = Way::Exit;
  std::uint64_t reason = 0;
  std::uint16_t vector = 0;
  std::uint16_t error = 0;
  std::uint64_t address = 0;
};

class Driver {
 public:
  virtual ~Driver() = default;

  /// ECREATE of sallyport/enclave.h's range, with keep_secs().
  [[nodiscard]] virtual os::Result<void> create() = 0;
  /// EADD and EEXTEND of whole pages, all of which have these bytes, and zeros behind them.
  [[nodiscard]] virtual os::Result<void> add(image::EnclavePage page, Pages pages,
                                             core::ByteView bytes) = 0;
  /// EINIT. `sigstruct` is what the keep's owner signed; empty where a simulation needs none.
  /// Errors: Denied (another enclave than was signed) · Unavailable (there is nothing to run it).
  [[nodiscard]] virtual core::Result<void, HostError> start(core::ByteView sigstruct) = 0;

  // sallyport::PageChange.
  [[nodiscard]] virtual os::Result<void> reach(Pages pages, sallyport::Access access) = 0;
  [[nodiscard]] virtual os::Result<void> restrict_rights(Pages pages, sallyport::Access access) = 0;
  [[nodiscard]] virtual os::Result<void> trim(Pages pages) = 0;
  [[nodiscard]] virtual os::Result<void> remove(Pages pages) = 0;

  /// Runs the enclave's thread until it leaves; always from the same place, since the way out uses
  /// the stack as it was on the way in.
  [[nodiscard]] virtual Left enter(Leaf leaf) = 0;
};

}  // namespace merlon::host::sgx
