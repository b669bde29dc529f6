// Intel SGX 2 [INTEL SDM 2A CPUID, leaf 12H; ENARX 0.7.1 src/backend/sgx].

#include "merlon/base/text.h"
#include "merlon/host/probe/data.h"

namespace merlon::host::probe {

using base::concat;

namespace {

constexpr std::uint32_t sgx_leaf = 0x12;
constexpr std::string_view not_this_cpu =
    "use a machine with an Intel Xeon of the third generation or newer";
constexpr std::string_view by_firmware = "switch SGX on in the machine's firmware";
/// More sections of protected memory than any machine has; a bound for what CPUID says.
constexpr std::uint32_t max_sections = 64;

std::string hexadecimal(std::uint64_t value) {
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) {
    const auto digit = value >> static_cast<unsigned>(shift) & 0xFU;
    if (digit != 0 || !text.empty() || shift == 0) text += "0123456789abcdef"[digit];
  }
  return "0x" + text;
}

std::string two_to_the(std::uint32_t exponent) { return concat("2^", exponent, " bytes"); }

/// The sum of all sections, which leaf 12H lists from its subleaf 2 on.
std::uint64_t protected_memory(const Processor& cpu) {
  std::uint64_t sum = 0;
  for (std::uint32_t section = 2; section < max_sections; ++section) {
    const Registers found = cpu.leaf(sgx_leaf, section);
    if (bits(found.eax, 0, 3) != 1) break;
    sum += (std::uint64_t{bits(found.edx, 0, 19)} << 32U) | (found.ecx & ~0xFFFU);
  }
  return sum;
}

void add_cpu(const Processor& cpu, std::vector<Datum>& data) {
  const bool intel = cpu.vendor() == "GenuineIntel";
  data.push_back(datum("CPU", Need::Required, intel, cpu.brand(), not_this_cpu));
  const Registers structured = intel ? cpu.leaf(7) : Registers{};
  const bool sgx = has_bit(structured.ebx, 2);
  data.push_back(datum("SGX", Need::Required, sgx, "", intel ? by_firmware : not_this_cpu, 1));
  const Registers found = sgx ? cpu.leaf(sgx_leaf) : Registers{};
  const Registers enclave = sgx ? cpu.leaf(sgx_leaf, 1) : Registers{};
  data.push_back(datum("version 1", Need::Required, has_bit(found.eax, 0), "", by_firmware, 2));
  data.push_back(datum("version 2", Need::Required, has_bit(found.eax, 1), "", not_this_cpu, 2));
  data.push_back(datum("flexible launch control (FLC)", Need::Required, has_bit(structured.ecx, 30),
                       "", "set launch control to unlocked in the machine's firmware", 2));
  if (!sgx) return;
  data.push_back(note("largest enclave, 32-bit", two_to_the(bits(found.edx, 0, 7)), 2));
  data.push_back(note("largest enclave, 64-bit", two_to_the(bits(found.edx, 8, 15)), 2));
  data.push_back(note("MISCSELECT", hexadecimal(found.ebx), 2));
  data.push_back(
      note("ATTRIBUTES", hexadecimal(std::uint64_t{enclave.ebx} << 32U | enclave.eax), 2));
  data.push_back(note("XFRM", hexadecimal(std::uint64_t{enclave.edx} << 32U | enclave.ecx), 2));
  const std::uint64_t memory = protected_memory(cpu);
  data.push_back(datum("protected memory (EPC)", Need::Required, memory != 0,
                       concat(memory >> 20U, " MiB"),
                       "reserve memory for SGX (PRMRR) in the machine's firmware", 2));
}

Datum cached(const Machine& machine, std::string_view name, std::string_view path,
             std::string_view remedy) {
  return datum(name, Need::Attestation, machine.has(path), std::string(path), remedy);
}

}  // namespace

Backend probe_sgx(const Machine& machine) {
  Backend sgx{"sgx",
              {device(machine, "/dev/sgx_enclave",
                      "use Linux 5.11 or newer with CONFIG_X86_SGX on a CPU with SGX")}};
  add_cpu(machine.processor, sgx.data);
  sgx.data.push_back(cached(machine, "AESM socket", "/var/run/aesmd/aesm.socket",
                            "install and start Intel's aesmd, which holds the quoting enclave"));
  sgx.data.push_back(cached(machine, "Intel revocation lists", "/var/cache/intel-sgx/crls.der",
                            "fetch them from Intel's certification service into this file"));
  sgx.data.push_back(cached(machine, "Intel TCB information", "/var/cache/intel-sgx/tcb.der",
                            "fetch it from Intel's certification service into this file"));
  return sgx;
}

}  // namespace merlon::host::probe
