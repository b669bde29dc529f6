#include "merlon/host/kvm/trial.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "merlon/base/instructions.h"
#include "merlon/host/kvm/trial_guest.h"
#include "merlon/image/layout.h"

// trial_guest.S.
extern "C" {
extern const std::uint8_t trial_guest[];
extern const std::uint8_t trial_guest_entry[];
extern const std::uint8_t trial_guest_end[];
}

namespace merlon::host::kvm {

using os::Errno;
using os::Result;
using sallyport::World;

namespace {

constexpr std::uint64_t probe_base = image::table_end;
constexpr std::uint64_t top_table = probe_base;
constexpr std::uint64_t pointer_table = probe_base + 0x1000;
constexpr std::uint64_t directory = probe_base + 0x2000;
constexpr std::uint64_t code = probe_base + 0x3000;
constexpr std::uint64_t task_state = probe_base + 0x4000;
constexpr std::uint64_t ports_offset = 0x68;

constexpr std::uint32_t msr_star = 0xc000'0081;
constexpr std::uint32_t msr_lstar = 0xc000'0082;
constexpr std::uint64_t selectors = (std::uint64_t{0x23} << 48U) | (std::uint64_t{0x10} << 32U);

// Control registers [INTEL SDM 3A §2.5].
constexpr std::uint64_t cr0_protected_paged = 0x8005'0033;
constexpr std::uint64_t cr4_physical_extension = std::uint64_t{1} << 5U;
constexpr std::uint64_t cr4_vectors = std::uint64_t{3} << 9U;
constexpr std::uint64_t cr4_fs_gs_base = std::uint64_t{1} << 16U;
constexpr std::uint64_t cr4_extended_state = std::uint64_t{1} << 18U;
/// System calls, long mode enabled and active, no-execute.
constexpr std::uint64_t efer_bits = 0xd01;

constexpr std::uint64_t answers = probe_base + 0x5000;

void put_word(const MachineMemory& memory, std::uint64_t address, std::uint64_t word) {
  if (const auto bytes = memory.find(address, sizeof(word))) {
    std::memcpy(bytes->data(), &word, sizeof(word));
  }
}

core::ByteView guest_code() noexcept {
  return {trial_guest, static_cast<std::size_t>(trial_guest_end - trial_guest)};
}

void put_guest(const MachineMemory& memory) {
  constexpr std::uint64_t table = 7;  // present, writable, user
  constexpr std::uint64_t large = 0x87;
  put_word(memory, top_table, pointer_table | table);
  put_word(memory, pointer_table, directory | table);
  put_word(memory, directory + (code >> 21U) * 8, (code & ~(large_page - 1)) | large);
  if (const auto bytes = memory.find(code, guest_code().size())) {
    std::ranges::copy(guest_code(), bytes->begin());
  }
  // The task state's only word that matters: ring 3 may use the ports of the bitmap, all zero.
  put_word(memory, task_state + 0x60, ports_offset << 48U);
}

/// What trial_guest.S writes; zeros where it did not get to.
struct Answers {
  std::uint32_t code_segment = 0;
  std::uint32_t leaf_1_ecx = 0;
  std::uint32_t leaf_7_ebx = 0;
  std::uint32_t extended_ecx = 0;
  std::uint32_t extended_state = 0;
  std::uint32_t sum = 0;
  std::uint32_t fault_ticks = 0;
};

Answers read_answers(const MachineMemory& memory) {
  Answers found;
  if (const auto bytes = memory.find(answers, sizeof(found))) {
    std::memcpy(&found, bytes->data(), sizeof(found));
  }
  return found;
}

std::string lacking_by(const Answers& found) {
  const base::CpuidTable cpuid({{0x1, 0, false, {.ecx = found.leaf_1_ecx}},
                                {0x7, 0, true, {.ebx = found.leaf_7_ebx}},
                                {0x8000'0001, 0, false, {.ecx = found.extended_ecx}}});
  return base::lacking_instructions(cpuid, found.extended_state);
}

::kvm_segment segment(std::uint16_t selector, std::uint8_t type, unsigned ring) {
  ::kvm_segment made{};
  made.limit = 0xffff'ffff;
  made.selector = selector;
  made.type = type;
  made.present = 1;
  made.dpl = static_cast<std::uint8_t>(ring);
  made.s = 1;
  made.g = 1;
  return made;
}

}  // namespace

::kvm_sregs long_mode(::kvm_sregs from, unsigned ring, std::uint64_t page_table, bool has_xsave) {
  const bool user = ring != 0;
  from.cr0 = cr0_protected_paged;
  from.cr3 = page_table;
  from.cr4 = cr4_physical_extension | cr4_vectors | cr4_fs_gs_base;
  if (has_xsave) from.cr4 |= cr4_extended_state;
  from.efer = efer_bits;
  from.cs = segment(user ? 0x33 : 0x10, 11, ring);
  from.cs.l = 1;
  from.ss = segment(user ? 0x2b : 0x18, 3, ring);
  from.ss.db = 1;
  ::kvm_segment data = segment(0x2b, 3, 3);
  data.db = 1;
  from.ds = from.es = from.fs = from.gs = data;
  from.tr = {};
  from.tr.base = task_state;
  from.tr.limit = ports_offset + 0x20;
  from.tr.selector = 0x40;
  from.tr.type = 11;
  from.tr.present = 1;
  return from;
}

Result<Trial> try_machine(const Processor& processor, const MachineMemory& memory) {
  put_guest(memory);
  const ::kvm_sregs before = TRY(processor.special_registers());
  TRY(processor.set_special_registers(long_mode(before, 3, top_table, true)));
  const auto entry = code + static_cast<std::uint64_t>(trial_guest_entry - trial_guest);
  const std::array<Register, 2> calls{Register{msr_star, selectors}, Register{msr_lstar, entry}};
  TRY(processor.set_model_registers(calls));
  ::kvm_regs registers{};
  registers.rip = code;
  registers.rdi = answers;
  registers.rflags = 2;
  TRY(processor.set_registers(registers));
  Stop stop = TRY(processor.run(TRIAL_PORT));
  while (stop == Stop::Interrupted) stop = TRY(processor.run(TRIAL_PORT));
  const Answers found = read_answers(memory);
  if (found.code_segment == 0) return Errno::Io;
  constexpr unsigned privilege = 3;
  return Trial{(found.code_segment & privilege) == 0 ? World::Ring0 : World::Collapsed,
               lacking_by(found), stop == Stop::Doorbell && found.sum == TRIAL_SUM,
               found.fault_ticks};
}

}  // namespace merlon::host::kvm
