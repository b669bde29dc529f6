#include "merlon/host/snp/registers.h"

#include <array>
#include <utility>

#include <gtest/gtest.h>

#include "merlon/image/first_registers.h"

namespace merlon::host::snp {
namespace {

constexpr std::uint64_t entry = 0x10'0040;
constexpr std::uint64_t table = 0x40'0000;

TEST(Registers, OfAFirstProcessorAreWhatAShimWants) {
  const auto made = registers_for(image::first_registers(entry, table), {});
  ASSERT_TRUE(made.has_value());
  const ::kvm_sregs& special = made->special;
  EXPECT_EQ(special.cs.selector, 0x10);
  EXPECT_EQ(special.cs.type, 0xb);
  EXPECT_EQ(special.cs.s, 1);
  EXPECT_EQ(special.cs.present, 1);
  EXPECT_EQ(special.cs.dpl, 0);
  EXPECT_EQ(special.cs.l, 1);
  EXPECT_EQ(special.cs.db, 0);
  EXPECT_EQ(special.cs.g, 1);
  EXPECT_EQ(special.cs.limit, 0xffff'ffffU);
  EXPECT_EQ(special.ss.type, 3);
  EXPECT_EQ(special.ss.db, 1);
  EXPECT_EQ(special.tr.type, 0xb);
  EXPECT_EQ(special.tr.s, 0);
  EXPECT_EQ(special.ldt.unusable, 1);
  EXPECT_EQ(special.cr3, table);
  EXPECT_EQ(special.cr4, 0x1'0620U);  // not the machine checks that KVM adds
  EXPECT_EQ(special.efer, 0xd01U);    // nor SVME
  EXPECT_EQ(made->general.rip, entry);
  EXPECT_EQ(made->general.rflags, 2U);
}

TEST(Registers, AreEachTheOneOfItsName) {
  image::Vmsa vmsa = image::first_registers(entry, table);
  using Wanted = image::VmsaSegment image::Vmsa::*;
  using Made = kvm_segment kvm_sregs::*;
  const std::array<std::pair<Wanted, Made>, 8> segments{{{&image::Vmsa::es, &::kvm_sregs::es},
                                                         {&image::Vmsa::cs, &::kvm_sregs::cs},
                                                         {&image::Vmsa::ss, &::kvm_sregs::ss},
                                                         {&image::Vmsa::ds, &::kvm_sregs::ds},
                                                         {&image::Vmsa::fs, &::kvm_sregs::fs},
                                                         {&image::Vmsa::gs, &::kvm_sregs::gs},
                                                         {&image::Vmsa::ldtr, &::kvm_sregs::ldt},
                                                         {&image::Vmsa::tr, &::kvm_sregs::tr}}};
  std::uint64_t number = 100;
  for (const auto& [wanted, made] : segments) (vmsa.*wanted).base = ++number;
  vmsa.gdtr = {.limit = 0x1234, .base = 0x55};
  vmsa.idtr = {.limit = 0xffff, .base = 0x66};
  vmsa.rax = 11;
  vmsa.rdx = 12;
  vmsa.rdi = 13;
  vmsa.rsp = 14;
  const auto made = registers_for(vmsa, {});
  ASSERT_TRUE(made.has_value());
  number = 100;
  for (const auto& [wanted, of] : segments) EXPECT_EQ((made->special.*of).base, ++number);
  EXPECT_EQ(made->special.gdt.base, 0x55U);
  EXPECT_EQ(made->special.gdt.limit, 0x1234U);
  EXPECT_EQ(made->special.idt.base, 0x66U);
  EXPECT_EQ(made->special.idt.limit, 0xffffU);
  EXPECT_EQ(made->special.cr0, vmsa.cr0);
  EXPECT_EQ(made->general.rax, 11U);
  EXPECT_EQ(made->general.rdx, 12U);
  EXPECT_EQ(made->general.rdi, 13U);
  EXPECT_EQ(made->general.rsp, 14U);
}

TEST(Registers, OfTheLocalApicStay) {
  ::kvm_sregs before{};
  before.apic_base = 0xfee0'0900;
  before.cr8 = 3;
  const auto made = registers_for(image::first_registers(entry, table), before);
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->special.apic_base, before.apic_base);
  EXPECT_EQ(made->special.cr8, before.cr8);
}

/// What KVM has as after a reset, or adds, cannot be otherwise.
TEST(Registers, ThatKvmDoesNotMakeAreRefused) {
  using Change = void (*)(image::Vmsa&);
  const Change changes[] = {[](image::Vmsa& vmsa) { vmsa.efer &= ~std::uint64_t{0x1000}; },
                            [](image::Vmsa& vmsa) { vmsa.cr4 &= ~std::uint64_t{0x40}; },
                            [](image::Vmsa& vmsa) { vmsa.dr6 ^= 1; },
                            [](image::Vmsa& vmsa) { vmsa.dr7 ^= 1; },
                            [](image::Vmsa& vmsa) { vmsa.vmpl = 1; },
                            [](image::Vmsa& vmsa) { vmsa.cpl = 3; },
                            [](image::Vmsa& vmsa) { vmsa.page_attributes ^= 1; },
                            [](image::Vmsa& vmsa) { vmsa.sev_features |= 0x20; },
                            [](image::Vmsa& vmsa) { vmsa.xcr0 = 7; },
                            [](image::Vmsa& vmsa) { vmsa.mxcsr = 0; },
                            [](image::Vmsa& vmsa) { vmsa.x87_control = 0; },
                            [](image::Vmsa& vmsa) { vmsa.gdtr.limit = 0x1'0000; },
                            [](image::Vmsa& vmsa) { vmsa.idtr.selector = 8; }};
  for (const Change change : changes) {
    image::Vmsa vmsa = image::first_registers(entry, table);
    change(vmsa);
    const auto made = registers_for(vmsa, {});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, core::ErrorCode::Unsupported);
  }
}

}  // namespace
}  // namespace merlon::host::snp
