#include "merlon/image/first_registers.h"

#include "merlon/image/layout.h"

namespace merlon::image {

namespace {

// Attributes of segments: present, of ring 0; G; code is executable and 64-bit, data writable.
constexpr std::uint16_t code_attributes = 0xa9b;
constexpr std::uint16_t data_attributes = 0xc93;
constexpr std::uint16_t task_attributes = 0x8b;  // a 64-bit task state, busy
constexpr std::uint16_t code_selector = 0x10;
constexpr std::uint16_t data_selector = 0x18;
constexpr std::uint32_t whole = 0xffff'ffff;

constexpr std::uint64_t system_calls_long_mode_no_execute = 0xd01;
constexpr std::uint64_t protected_paged = 0x8005'0033;
constexpr std::uint64_t physical_extension = std::uint64_t{1} << 5U;
constexpr std::uint64_t vectors = std::uint64_t{3} << 9U;
constexpr std::uint64_t fs_gs_base = std::uint64_t{1} << 16U;

// By KVM: what its user cannot leave out.
constexpr std::uint64_t svm_enabled = 0x1000;
constexpr std::uint64_t machine_checks = 0x40;

}  // namespace

Vmsa first_registers(std::uint64_t entry, std::uint64_t page_table) noexcept {
  Vmsa made;
  made.cs = {code_selector, code_attributes, whole, 0};
  made.ss = {data_selector, data_attributes, whole, 0};
  made.ds = made.es = made.fs = made.gs = made.ss;
  made.tr = {0, task_attributes, 0xffff, 0};
  made.efer = system_calls_long_mode_no_execute | svm_enabled;
  made.cr0 = protected_paged;
  made.cr3 = page_table;
  made.cr4 = physical_extension | vectors | fs_gs_base | machine_checks;
  made.dr6 = 0xffff'0ff0;
  made.dr7 = 0x400;
  made.rflags = 2;
  made.rip = entry;
  made.rdi = boot_page;
  made.page_attributes = 0x0007'0406'0007'0406;
  made.sev_features = bit_of(SevFeature::SnpActive);
  made.xcr0 = 1;
  made.mxcsr = 0x1f80;
  made.x87_control = 0x37f;
  return made;
}

}  // namespace merlon::image
