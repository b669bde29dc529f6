#include "merlon/host/probe/data.h"

#include <algorithm>

#include <linux/kvm.h>

#include "merlon/base/text.h"

namespace merlon::host::probe {

using base::concat;

namespace {

constexpr int kvm_interface = 12;  // it has never had another since Linux 2.6.22

std::string remedy_of(os::Errno reason, std::string_view path, std::string_view missing) {
  switch (static_cast<int>(reason)) {
    case EACCES:
    case EPERM:
      return concat("let this user open ", path, ": add it to the device's group (ls -l ", path,
                    "), then log in again");
    case EBUSY: return concat("another program holds ", path, "; end it");
    default: return std::string(missing);
  }
}

}  // namespace

bool Backend::is_ready() const {
  return std::ranges::none_of(
      data, [](const Datum& each) { return each.need == Need::Required && !each.pass; });
}

Datum datum(std::string_view name, Need need, bool pass, std::string info, std::string_view remedy,
            unsigned depth) {
  return {std::string(name), need, pass, std::move(info), std::string(pass ? "" : remedy), depth};
}

Datum note(std::string_view name, std::string info, unsigned depth) {
  return {std::string(name), Need::Note, true, std::move(info), "", depth};
}

Datum device(const Machine& machine, std::string_view path, std::string_view missing) {
  const auto opened = machine.open_device(path);
  if (opened) return datum(path, Need::Required, true);
  return datum(path, Need::Required, false, std::string(os::describe(opened.error())),
               remedy_of(opened.error(), path, missing));
}

Datum instructions(const Machine& machine) {
  const std::string lacking = machine.lacking_instructions();
  return datum(
      "instructions (x86-64-v3)", Need::Required, lacking.empty(),
      lacking.empty() ? "" : concat("lacks ", lacking),
      "use a CPU from Intel's Haswell or AMD's Zen on, in a virtual machine with the host's "
      "CPU passed through");
}

std::vector<Datum> kvm_device(const Machine& machine) {
  std::vector<Datum> data{device(
      machine, "/dev/kvm",
      "switch virtualization on in the firmware and load kvm_intel or kvm_amd (modprobe); inside "
      "of a virtual machine, its host must allow nesting")};
  const auto kvm = machine.open_device("/dev/kvm");
  os::Result<int> version = os::Errno::Nodev;
  if (kvm) version = machine.ask_kvm(*kvm, KVM_GET_API_VERSION, 0);
  data.push_back(datum("API version", Need::Required, version && *version == kvm_interface,
                       version ? concat(*version) : "", "use Linux 2.6.22 or newer", 1));
  return data;
}

std::vector<Backend> probe(const Machine& machine) {
  return {probe_nil(machine), probe_kvm(machine), probe_sgx(machine), probe_snp(machine)};
}

}  // namespace merlon::host::probe
