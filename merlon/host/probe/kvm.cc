#include <linux/kvm.h>

#include "merlon/base/text.h"
#include "merlon/host/probe/data.h"

namespace merlon::host::probe {

using base::concat;

namespace {

Datum extension(const Machine& machine, const os::Result<os::Fd>& kvm, std::string_view name,
                unsigned long number) {
  os::Result<int> count = os::Errno::Nodev;
  if (kvm) count = machine.ask_kvm(*kvm, KVM_CHECK_EXTENSION, number);
  const bool pass = count && *count > 0;
  return datum(name, Need::Required, pass, pass && *count > 1 ? concat(*count) : "",
               "use a newer kernel", 1);
}

/// Looking is not enough: some machines leave out of their guests' processors what they have.
Datum trial(const Machine& machine, bool has_device) {
  constexpr std::string_view name = "a machine that runs compiled code";
  const Machine::Trial tried = has_device ? machine.try_kvm() : Machine::Trial{false, "not tried"};
  return datum(name, Need::Required, tried.works,
               tried.works ? concat("yes; the shim's world is ", tried.text) : tried.text,
               "use backend nil, or a machine whose hypervisor passes AVX2 and BMI through", 1);
}

}  // namespace

Backend probe_kvm(const Machine& machine) {
  Backend kvm{"kvm", kvm_device(machine)};
  const auto opened = machine.open_device("/dev/kvm");
  kvm.data.push_back(extension(machine, opened, "user memory", KVM_CAP_USER_MEMORY));
  kvm.data.push_back(extension(machine, opened, "memory slots", KVM_CAP_NR_MEMSLOTS));
  kvm.data.push_back(extension(machine, opened, "processors", KVM_CAP_MAX_VCPUS));
  const Processor& cpu = machine.processor;
  kvm.data.push_back(note("CPU", cpu.brand()));
  const bool virtualization = has_bit(cpu.leaf(1).ecx, 5) || has_bit(cpu.leaf(0x8000'0001).ecx, 2);
  kvm.data.push_back(note("virtualization by the CPU (VMX, SVM)",
                          virtualization ? "yes" : "no; KVM goes without, if it is there", 1));
  kvm.data.push_back(datum("FSGSBASE", Need::Required, has_bit(cpu.leaf(7).ebx, 0), "",
                           "use a CPU of 2012 (Intel) or 2017 (AMD) or newer; in a virtual "
                           "machine, pass the host's CPU through",
                           1));
  kvm.data.push_back(datum("RDRAND", Need::Required, has_bit(cpu.leaf(1).ecx, 30), "",
                           "use a CPU with RDRAND; in a virtual machine, pass the host's CPU "
                           "through: a keep has no other source of randomness that it can trust",
                           1));
  kvm.data.push_back(trial(machine, opened.has_value()));
  return kvm;
}

}  // namespace merlon::host::probe
