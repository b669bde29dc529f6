#include "merlon/host/kvm/device.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>

#include "merlon/os/ioctl.h"

namespace merlon::host::kvm {

using os::Errno;
using os::Result;

namespace {

/// STAR, LSTAR, CSTAR, SFMASK, KERNEL_GS_BASE, TSC_AUX: of those a keep's machine may have set.
constexpr std::array<std::uint32_t, 6> kept_registers{0xc000'0081, 0xc000'0082, 0xc000'0083,
                                                      0xc000'0084, 0xc000'0102, 0xc000'0103};

constexpr int interface_version = 12;
constexpr std::uint64_t interrupt_pins = 24;

// KVM_GET_SUPPORTED_CPUID, KVM_SET_CPUID2 and KVM_SET_MSRS as C has them.
constexpr unsigned long get_supported_cpuid = _IOWR(KVMIO, 0x05, ListHead);
constexpr unsigned long set_cpuid2 = _IOW(KVMIO, 0x90, ListHead);
constexpr unsigned long set_msrs = _IOW(KVMIO, 0x89, ListHead);

Result<void> done(Result<int> result) noexcept {
  if (!result) return result.error();
  return {};
}

/// A list of leaves with room for the most that KVM takes.
struct LeafList {
  ListHead head;
  std::array<::kvm_cpuid_entry2, 256> entries{};
};

base::CpuidLeaf leaf_of(const ::kvm_cpuid_entry2& entry) noexcept {
  return {entry.function,
          entry.index,
          (entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0,
          {entry.eax, entry.ebx, entry.ecx, entry.edx}};
}

::kvm_cpuid_entry2 entry_of(const base::CpuidLeaf& leaf) noexcept {
  ::kvm_cpuid_entry2 entry{};
  entry.function = leaf.leaf;
  entry.index = leaf.subleaf;
  entry.flags = leaf.by_subleaf ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
  entry.eax = leaf.registers.eax;
  entry.ebx = leaf.registers.ebx;
  entry.ecx = leaf.registers.ecx;
  entry.edx = leaf.registers.edx;
  return entry;
}

/// A list of model-specific registers.
struct RegisterList {
  ListHead head;
  std::array<::kvm_msr_entry, 8> entries{};
};

}  // namespace

Processor::~Processor() {
  if (run_ != nullptr) ::munmap(run_, run_size_);
}

Result<void> Processor::set_cpuid(const base::CpuidTable& cpuid) const {
  LeafList list;
  if (cpuid.leaves().size() > list.entries.size()) return Errno::TooBig;
  list.head.count = static_cast<std::uint32_t>(cpuid.leaves().size());
  std::ranges::transform(cpuid.leaves(), list.entries.begin(), &entry_of);
  return done(os::control_with(fd_, set_cpuid2, &list));
}

Result<::kvm_sregs> Processor::special_registers() const noexcept {
  ::kvm_sregs registers{};
  TRY(done(os::control_with(fd_, KVM_GET_SREGS, &registers)));
  return registers;
}

Result<void> Processor::set_special_registers(::kvm_sregs registers) const noexcept {
  return done(os::control_with(fd_, KVM_SET_SREGS, &registers));
}

Result<void> Processor::set_registers(::kvm_regs registers) const noexcept {
  return done(os::control_with(fd_, KVM_SET_REGS, &registers));
}

Result<void> Processor::set_extended_state(std::uint64_t features) const noexcept {
  ::kvm_xcrs registers{};
  registers.nr_xcrs = 1;
  registers.xcrs[0].value = features;
  return done(os::control_with(fd_, KVM_SET_XCRS, &registers));
}

Result<void> Processor::set_model_registers(std::span<const Register> registers) const noexcept {
  // As many at a time as there is room for: KVM loads the processor's state for each list.
  while (!registers.empty()) {
    RegisterList list;
    const auto some = registers.first(std::min(registers.size(), list.entries.size()));
    for (std::size_t i = 0; i < some.size(); ++i) {
      list.entries[i].index = some[i].number;
      list.entries[i].data = some[i].value;
    }
    list.head.count = static_cast<std::uint32_t>(some.size());
    const int set = TRY(os::control_with(fd_, set_msrs, &list));
    if (!std::cmp_equal(set, some.size())) return Errno::Inval;
    registers = registers.subspan(some.size());
  }
  return {};
}

Result<std::uint64_t> Processor::model_register(std::uint32_t number) const noexcept {
  RegisterList list;
  list.head.count = 1;
  list.entries[0].index = number;
  const int got = TRY(os::control_with(fd_, get_msrs, &list));
  if (got != 1) return Errno::Inval;
  return list.entries[0].data;
}

Result<ProcessorState> Processor::state() const {
  ProcessorState state;
  TRY(done(os::control_with(fd_, KVM_GET_REGS, &state.general)));
  state.special = TRY(special_registers());
  TRY(done(os::control_with(fd_, get_xsave, &state.extended)));
  for (const std::uint32_t number : kept_registers) {
    // One that this machine does not have is not the keep's either.
    if (const auto value = model_register(number)) state.model.push_back({number, *value});
  }
  return state;
}

Result<void> Processor::set_state(const ProcessorState& state) const {
  TRY(set_special_registers(state.special));
  ExtendedState extended = state.extended;
  TRY(done(os::control_with(fd_, set_xsave, &extended)));
  TRY(set_model_registers(state.model));
  return set_registers(state.general);
}

Result<void> Processor::finish_exit() const noexcept {
  run_->immediate_exit = 1;
  const auto ran = os::control(fd_, KVM_RUN);
  run_->immediate_exit = 0;
  if (!ran && ran.error() == Errno::Intr) return {};
  return ran ? Errno::Io : ran.error();
}

std::uint64_t Processor::tsc_khz() const noexcept {
  const auto khz = os::control(fd_, KVM_GET_TSC_KHZ);
  return khz && *khz > 0 ? static_cast<std::uint64_t>(*khz) : 0;
}

Result<Stop> Processor::run(std::uint16_t doorbell) const noexcept {
  const auto ran = os::control(fd_, KVM_RUN);
  if (!ran) {
    if (ran.error() == Errno::Intr || ran.error() == Errno::Again) return Stop::Interrupted;
    return ran.error();
  }
  switch (run_->exit_reason) {
    case KVM_EXIT_IO:
      return run_->io.port == doorbell && run_->io.direction == KVM_EXIT_IO_OUT ? Stop::Doorbell
                                                                                : Stop::Other;
    case KVM_EXIT_INTR: return Stop::Interrupted;
    case KVM_EXIT_SHUTDOWN: return Stop::Shutdown;
    default: return Stop::Other;
  }
}

Result<VirtualMachine> VirtualMachine::create() {
  const int device = ::open("/dev/kvm", O_RDWR | O_CLOEXEC);
  if (device < 0) return os::last_errno();
  os::Fd owned = os::Fd::adopt(device);
  const int version = TRY(os::control(owned, KVM_GET_API_VERSION));
  if (version != interface_version) return Errno::Nosys;
  os::Fd machine = os::Fd::adopt(TRY(os::control(owned, KVM_CREATE_VM)));
  // Nothing here interrupts a keep. But for a machine without an interrupt controller the kernel
  // patches its own code, when the machine comes and again when it goes: that costs more.
  ::kvm_enable_cap controller{};
  controller.cap = KVM_CAP_SPLIT_IRQCHIP;
  controller.args[0] = interrupt_pins;
  static_cast<void>(os::control_with(machine, KVM_ENABLE_CAP, &controller));
  return VirtualMachine(std::move(owned), std::move(machine));
}

Result<Processor> VirtualMachine::create_processor() const {
  const int number = TRY(os::control(machine_, KVM_CREATE_VCPU));
  os::Fd fd = os::Fd::adopt(number);
  const int size = TRY(os::control(device_, KVM_GET_VCPU_MMAP_SIZE));
  const auto run_size = static_cast<std::size_t>(size);
  void* const run = ::mmap(nullptr, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.number(), 0);
  if (run == MAP_FAILED) return os::last_errno();
  return Processor(std::move(fd), static_cast<::kvm_run*>(run), run_size);
}

Result<void> VirtualMachine::add_memory(std::uint32_t slot, std::uint64_t base,
                                        std::span<std::uint8_t> host) const noexcept {
  ::kvm_userspace_memory_region region{};
  region.slot = slot;
  region.guest_phys_addr = base;
  region.memory_size = host.size();
  // SAFETY: KVM takes the address as a number and checks it; the machine's owner keeps the memory.
  region.userspace_addr = reinterpret_cast<std::uint64_t>(host.data());
  return done(os::control_with(machine_, KVM_SET_USER_MEMORY_REGION, &region));
}

Result<base::CpuidTable> VirtualMachine::supported_cpuid() const {
  LeafList list;
  list.head.count = static_cast<std::uint32_t>(list.entries.size());
  TRY(done(os::control_with(device_, get_supported_cpuid, &list)));
  std::vector<base::CpuidLeaf> leaves;
  for (std::size_t i = 0; i < list.head.count && i < list.entries.size(); ++i) {
    leaves.push_back(leaf_of(list.entries[i]));
  }
  return base::CpuidTable(std::move(leaves));
}

}  // namespace merlon::host::kvm
