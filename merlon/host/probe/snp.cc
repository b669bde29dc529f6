// AMD SEV-SNP [AMD APM 3 appendix E, function 8000_001F; ENARX 0.7.1 src/backend/sev].

#include <linux/kvm.h>

#include "merlon/base/text.h"
#include "merlon/host/probe/data.h"
#include "merlon/host/snp/certificates.h"

namespace merlon::host::probe {

using base::concat;

namespace {

constexpr std::uint32_t memory_encryption = 0x8000'001F;
constexpr std::string_view not_this_cpu = "use a machine with an AMD EPYC 7003 or newer";
constexpr std::string_view by_firmware =
    "switch SMEE, SEV-SNP and RMP on in the machine's firmware; inside of a virtual machine there "
    "is none";
/// What a keep's firmware pages, control structures and secrets pin.
constexpr std::uint64_t locked_by_a_keep = 5UL * 1024 * 1024;

// Linux 6.11 has these; the headers of older distributions do not.
constexpr unsigned long kvm_guest_memory = 234;
constexpr unsigned long kvm_machine_types = 235;
constexpr unsigned snp_machine = 4;

void add_cpu(const Machine& machine, std::vector<Datum>& data) {
  const Processor& cpu = machine.processor;
  const bool amd = cpu.vendor() == "AuthenticAMD";
  data.push_back(datum("CPU", Need::Required, amd, cpu.brand(), not_this_cpu));
  const bool epyc = cpu.brand().find("EPYC") != std::string::npos;
  data.push_back(datum("microcode support", Need::Required, amd && epyc, "", not_this_cpu, 1));
  const Registers found = amd ? cpu.leaf(memory_encryption) : Registers{};
  const auto feature = [&](std::string_view name, unsigned bit) {
    data.push_back(datum(name, Need::Required, has_bit(found.eax, bit), "",
                         amd ? by_firmware : not_this_cpu, 1));
  };
  feature("Secure Memory Encryption (SME)", 0);
  data.push_back(note("physical address bits reserved", concat(bits(found.ebx, 6, 11)), 2));
  data.push_back(note("C-bit in page tables", concat(bits(found.ebx, 0, 5)), 2));
  feature("Secure Encrypted Virtualization (SEV)", 1);
  data.push_back(note("guests at a time (ASIDs)", concat(found.ecx), 2));
  data.push_back(note("first ASID without SEV-ES", concat(found.edx), 2));
  feature("Encrypted State (SEV-ES)", 3);
  feature("Secure Nested Paging (SEV-SNP)", 4);
  data.push_back(note("page flush register", has_bit(found.eax, 2) ? "yes" : "no", 1));
}

void add_kernel(const Machine& machine, std::vector<Datum>& data) {
  const auto parameter = machine.read("/sys/module/kvm_amd/parameters/sev_snp");
  data.push_back(datum("SEV-SNP in the kernel", Need::Required,
                       parameter == "Y" || parameter == "1", parameter.value_or("no such module"),
                       "use Linux 6.11 or newer with kvm_amd.sev_snp=1 and an IOMMU that is on",
                       1));
  for (Datum& each : kvm_device(machine)) data.push_back(std::move(each));
  const auto kvm = machine.open_device("/dev/kvm");
  const auto asked = [&](unsigned long number) {
    if (!kvm) return 0U;
    const auto answer = machine.ask_kvm(*kvm, KVM_CHECK_EXTENSION, number);
    return answer && *answer > 0 ? static_cast<unsigned>(*answer) : 0U;
  };
  data.push_back(datum("SEV-SNP machines", Need::Required,
                       has_bit(asked(kvm_machine_types), snp_machine), "",
                       "use Linux 6.11 or newer, where kvm_amd found SEV-SNP", 1));
  data.push_back(datum("guest memory that the host cannot map", Need::Required,
                       asked(kvm_guest_memory) != 0, "", "use Linux 6.8 or newer", 1));
}

Datum lockable(const Machine& machine) {
  const auto limit = machine.lockable_bytes();
  const std::uint64_t keeps = limit ? *limit / locked_by_a_keep : 0;
  const bool unlimited = limit && *limit == ~std::uint64_t{0};
  return datum("memory that may be locked", Need::Required, keeps > 0,
               unlimited ? "unlimited" : concat(limit ? *limit >> 20U : 0, " MiB"),
               "raise memlock in /etc/security/limits.conf: 5 MiB for each keep");
}

Datum cached(const Machine& machine, std::string_view name, std::string_view path,
             std::string_view remedy) {
  return datum(name, Need::Attestation, machine.has(path), std::string(path), remedy);
}

/// By its name alone: who judges it is somebody else.
Datum own_certificate(const Machine& machine) {
  const auto file = machine.own_vcek();
  const std::string path = file ? concat(snp::amd_cache, "/", *file) : std::string();
  return datum("AMD's certificate of this processor", Need::Attestation, file && machine.has(path),
               path, "merlon platform snp update gets it from AMD");
}

}  // namespace

Backend probe_snp(const Machine& machine) {
  Backend found{
      "snp",
      {device(machine, "/dev/sev",
              "load the driver of the security processor: modprobe ccp; the CPU must be an "
              "AMD EPYC 7003 or newer")}};
  add_kernel(machine, found.data);
  add_cpu(machine, found.data);
  found.data.push_back(lockable(machine));
  found.data.push_back(cached(machine, "AMD revocation lists", concat(snp::amd_cache, "/crls.der"),
                              "merlon platform snp cache-crl gets them from AMD"));
  found.data.push_back(own_certificate(machine));
  return found;
}

}  // namespace merlon::host::probe
