#pragma once

// Linux's KVM as values: the device, a virtual machine, its processor. Only what a keep needs
// [LINUX 6.1 Documentation/virt/kvm/api.rst].

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include <linux/kvm.h>

#include "merlon/base/cpuid.h"
#include "merlon/core/result.h"
#include "merlon/os/fd.h"

namespace merlon::host::kvm {

/// How KVM's lists start. Its own types for them, and the request numbers made from those, have
/// another size in C++ than in C; ours are made from this.
struct ListHead {
  std::uint32_t count = 0;
  std::uint32_t padding = 0;
};

/// A model-specific register and its value.
struct Register {
  std::uint32_t number;
  std::uint64_t value;
};

/// The state of XSAVE as KVM hands it over, and the requests for it, whose numbers are made from
/// its size: KVM's own type has another one in C++.
using ExtendedState = std::array<std::uint32_t, 1024>;
inline constexpr unsigned long get_xsave = _IOR(KVMIO, 0xa4, ExtendedState);
inline constexpr unsigned long set_xsave = _IOW(KVMIO, 0xa5, ExtendedState);
inline constexpr unsigned long get_msrs = _IOWR(KVMIO, 0x88, ListHead);

/// All that makes a processor go on where another has stopped, but for its CPUID and its counter.
struct ProcessorState {
  ::kvm_regs general{};
  ::kvm_sregs special{};
  ExtendedState extended{};
  std::vector<Register> model;
};

/// Why a processor came back from running.
enum class Stop : std::uint8_t {
  Doorbell,     ///< `out` to the doorbell's port
  Interrupted,  ///< a signal came
  Shutdown,     ///< a triple fault
  Other,        ///< anything else; reason() has KVM's number
};

/// One virtual processor. Owns its memory shared with the kernel.
class Processor {
 public:
  Processor(os::Fd fd, ::kvm_run* run, std::size_t run_size) noexcept
      : fd_(std::move(fd)), run_(run), run_size_(run_size) {}
  Processor(Processor&& other) noexcept
      : fd_(std::move(other.fd_)),
        run_(std::exchange(other.run_, nullptr)),
        run_size_(other.run_size_) {}
  Processor& operator=(Processor&&) = delete;
  Processor(const Processor&) = delete;
  Processor& operator=(const Processor&) = delete;
  ~Processor();

  [[nodiscard]] os::Result<void> set_cpuid(const base::CpuidTable& cpuid) const;
  [[nodiscard]] os::Result<::kvm_sregs> special_registers() const noexcept;
  [[nodiscard]] os::Result<void> set_special_registers(::kvm_sregs registers) const noexcept;
  [[nodiscard]] os::Result<void> set_registers(::kvm_regs registers) const noexcept;
  [[nodiscard]] os::Result<void> set_extended_state(std::uint64_t features) const noexcept;
  [[nodiscard]] os::Result<void> set_model_registers(
      std::span<const Register> registers) const noexcept;
  [[nodiscard]] os::Result<std::uint64_t> model_register(std::uint32_t number) const noexcept;
  /// Of a processor that has been stopped by finish_exit().
  [[nodiscard]] os::Result<ProcessorState> state() const;
  [[nodiscard]] os::Result<void> set_state(const ProcessorState& state) const;
  /// Does what is left of the instruction that it stopped at, and no more.
  [[nodiscard]] os::Result<void> finish_exit() const noexcept;
  /// 0 when it is not known.
  [[nodiscard]] std::uint64_t tsc_khz() const noexcept;

  /// Runs until something is wanted. Never looks at a register of the keep.
  [[nodiscard]] os::Result<Stop> run(std::uint16_t doorbell) const noexcept;
  [[nodiscard]] std::uint32_t reason() const noexcept { return run_->exit_reason; }

 private:
  os::Fd fd_;
  ::kvm_run* run_;
  std::size_t run_size_;
};

/// A virtual machine.
class VirtualMachine {
 public:
  /// Errors: those of opening /dev/kvm · Nosys (another version of the interface).
  [[nodiscard]] static os::Result<VirtualMachine> create();

  [[nodiscard]] os::Result<Processor> create_processor() const;
  /// Shows the host's memory at `host` to the machine at physical address `base`.
  [[nodiscard]] os::Result<void> add_memory(std::uint32_t slot, std::uint64_t base,
                                            std::span<std::uint8_t> host) const noexcept;
  /// What KVM can give to a processor, of what it knows.
  [[nodiscard]] os::Result<base::CpuidTable> supported_cpuid() const;

 private:
  VirtualMachine(os::Fd device, os::Fd machine) noexcept
      : device_(std::move(device)), machine_(std::move(machine)) {}

  os::Fd device_;
  os::Fd machine_;
};

}  // namespace merlon::host::kvm
