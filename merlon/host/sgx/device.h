#pragma once

// /dev/sgx_enclave as an interface, so that a launch can be tried where there is none: open, ioctl,
// mappings, and the kernel's way into an enclave. [LINUX Documentation/arch/x86/sgx.rst, uapi
// asm/sgx.h of 6.0 and newer]

#include <cstdint>

#include <asm/sgx.h>

#include "merlon/core/bytes.h"
#include "merlon/os/errno.h"

namespace merlon::host::sgx {

class Device {
 public:
  virtual ~Device() = default;
  /// A descriptor, which whoever asked closes by close().
  [[nodiscard]] virtual os::Result<int> open() = 0;
  virtual void close(int file) noexcept = 0;
  /// An ioctl with a structure that is read, written or both. What it points to is memory of this
  /// process. A positive answer is an error of the processor's.
  [[nodiscard]] virtual os::Result<int> control(int file, unsigned long request,
                                                core::ByteSpan structure) = 0;
  /// Maps addresses of the enclave, without rights; nothing may be there.
  [[nodiscard]] virtual os::Result<void> map(int file, std::uint64_t address,
                                             std::uint64_t size) = 0;
  /// Changes what such addresses may be used for; PROT_READ, WRITE, EXEC.
  [[nodiscard]] virtual os::Result<void> protect(std::uint64_t address, std::uint64_t size,
                                                 int rights) = 0;
  /// __vdso_sgx_enter_enclave: 0, with how the enclave was left in `run`, and what was in rdi in
  /// run.user_data; or minus an errno.
  [[nodiscard]] virtual int enter(std::uint32_t leaf, ::sgx_enclave_run& run) = 0;
};

/// That of this machine.
class KernelDevice final : public Device {
 public:
  /// Errors: Nosys (a kernel without SGX).
  [[nodiscard]] static os::Result<KernelDevice> find();

  [[nodiscard]] os::Result<int> open() override;
  void close(int file) noexcept override;
  [[nodiscard]] os::Result<int> control(int file, unsigned long request,
                                        core::ByteSpan structure) override;
  [[nodiscard]] os::Result<void> map(int file, std::uint64_t address, std::uint64_t size) override;
  [[nodiscard]] os::Result<void> protect(std::uint64_t address, std::uint64_t size,
                                         int rights) override;
  [[nodiscard]] int enter(std::uint32_t leaf, ::sgx_enclave_run& run) override;

 private:
  explicit KernelDevice(::vdso_sgx_enter_enclave_t lent) noexcept : enter_(lent) {}

  ::vdso_sgx_enter_enclave_t enter_;
};

}  // namespace merlon::host::sgx
