#include "merlon/host/snp/registers.h"

namespace merlon::host::snp {

namespace {

// What KVM adds by itself.
constexpr std::uint64_t svm_enabled = 0x1000;
constexpr std::uint64_t machine_checks = 0x40;

::kvm_segment segment_of(const image::VmsaSegment& from) noexcept {
  const auto bits = [&](unsigned first, unsigned mask) {
    return static_cast<__u8>(from.attributes >> first & mask);
  };
  ::kvm_segment segment{};
  segment.base = from.base;
  segment.limit = from.limit;
  segment.selector = from.selector;
  segment.type = bits(0, 0xf);
  segment.s = bits(4, 1);
  segment.dpl = bits(5, 3);
  segment.present = bits(7, 1);
  segment.avl = bits(8, 1);
  segment.l = bits(9, 1);
  segment.db = bits(10, 1);
  segment.g = bits(11, 1);
  segment.unusable = segment.present == 0 ? 1 : 0;
  return segment;
}

/// A table has neither selector nor attributes.
::kvm_dtable table_of(const image::VmsaSegment& from) noexcept {
  ::kvm_dtable table{};
  table.base = from.base;
  table.limit = static_cast<__u16>(from.limit);
  return table;
}

/// What stands in a VMSA and in neither structure: KVM has it as after a reset.
bool rest_is_of_a_reset(const image::Vmsa& vmsa) noexcept {
  image::Vmsa reset;
  reset.dr6 = 0xffff'0ff0;
  reset.dr7 = 0x400;
  reset.page_attributes = 0x0007'0406'0007'0406;
  reset.sev_features = bit_of(image::SevFeature::SnpActive);
  reset.xcr0 = 1;
  reset.mxcsr = 0x1f80;
  reset.x87_control = 0x37f;
  return vmsa.dr6 == reset.dr6 && vmsa.dr7 == reset.dr7 && vmsa.vmpl == reset.vmpl &&
         vmsa.page_attributes == reset.page_attributes && vmsa.sev_features == reset.sev_features &&
         vmsa.xcr0 == reset.xcr0 && vmsa.mxcsr == reset.mxcsr &&
         vmsa.x87_control == reset.x87_control;
}

bool is_table(const image::VmsaSegment& segment) noexcept {
  return segment.selector == 0 && segment.attributes == 0 && segment.limit <= 0xffff;
}

}  // namespace

core::Result<Registers> registers_for(const image::Vmsa& wanted,
                                      const ::kvm_sregs& before) noexcept {
  const bool added = (wanted.efer & svm_enabled) != 0 && (wanted.cr4 & machine_checks) != 0;
  // KVM takes the privilege level from the stack's segment.
  const unsigned level = static_cast<unsigned>(wanted.ss.attributes) >> 5U & 3U;
  if (!added || !rest_is_of_a_reset(wanted) || wanted.cpl != level || !is_table(wanted.gdtr) ||
      !is_table(wanted.idtr)) {
    return core::error(core::ErrorCode::Unsupported, "first registers that KVM does not make");
  }
  Registers made{before, {}};
  made.special.es = segment_of(wanted.es);
  made.special.cs = segment_of(wanted.cs);
  made.special.ss = segment_of(wanted.ss);
  made.special.ds = segment_of(wanted.ds);
  made.special.fs = segment_of(wanted.fs);
  made.special.gs = segment_of(wanted.gs);
  made.special.ldt = segment_of(wanted.ldtr);
  made.special.tr = segment_of(wanted.tr);
  made.special.gdt = table_of(wanted.gdtr);
  made.special.idt = table_of(wanted.idtr);
  made.special.cr0 = wanted.cr0;
  made.special.cr2 = 0;
  made.special.cr3 = wanted.cr3;
  made.special.cr4 = wanted.cr4 & ~machine_checks;
  made.special.efer = wanted.efer & ~svm_enabled;
  made.general.rax = wanted.rax;
  made.general.rdx = wanted.rdx;
  made.general.rdi = wanted.rdi;
  made.general.rsp = wanted.rsp;
  made.general.rip = wanted.rip;
  made.general.rflags = wanted.rflags;
  return made;
}

}  // namespace merlon::host::snp
