// Intel SGX 2 [INTEL SDM 2A CPUID, leaf 12H; ENARX 0.7.1 src/backend/sgx].

#include <bit>
#include <charconv>

#include "merlon/base/text.h"
#include "merlon/host/probe/data.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::probe {

using base::concat;

namespace {

constexpr std::uint32_t sgx_leaf = 0x12;
constexpr std::string_view not_this_cpu =
    "use a machine with an Intel Xeon of the third generation or newer";
constexpr std::string_view by_firmware = "switch SGX on in the machine's firmware";
/// All addresses of a keep, of which few are ever filled.
constexpr auto enclave_bits =
    static_cast<std::uint32_t>(std::bit_width(sallyport::enclave_size) - 1);
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
  const std::uint32_t largest = bits(found.edx, 8, 15);
  data.push_back(datum("largest enclave, 64-bit", Need::Required, largest >= enclave_bits,
                       two_to_the(largest),
                       concat("a keep needs ", two_to_the(enclave_bits), "; ", not_this_cpu), 2));
  data.push_back(note("MISCSELECT", hexadecimal(found.ebx), 2));
  data.push_back(
      note("ATTRIBUTES", hexadecimal(std::uint64_t{enclave.ebx} << 32U | enclave.eax), 2));
  data.push_back(note("XFRM", hexadecimal(std::uint64_t{enclave.edx} << 32U | enclave.ecx), 2));
  const std::uint64_t memory = protected_memory(cpu);
  data.push_back(datum("protected memory (EPC)", Need::Required, memory != 0,
                       concat(memory >> 20U, " MiB"),
                       "reserve memory for SGX (PRMRR) in the machine's firmware", 2));
}

/// Enclaves that grow while they run: Linux 6.0 [LINUX Documentation/arch/x86/sgx.rst].
Datum kernel(const Machine& machine) {
  constexpr int first = 6;
  const std::string release = machine.read("/proc/sys/kernel/osrelease").value_or("");
  int major = 0;
  std::from_chars(release.data(), release.data() + release.size(), major);
  return datum("kernel with enclaves that grow (EDMM)", Need::Required, major >= first, release,
               "use Linux 6.0 or newer", 1);
}

/// In containers /dev is often a file system that nothing can be executed from; then every enclave
/// fails when its pages become code, and the device looks well.
Datum executable_device(const Machine& machine) {
  const std::string mounts = machine.read("/proc/self/mounts").value_or("");
  bool refused = false;
  for (std::string_view rest = mounts; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    // What was mounted last counts; its options are the fourth word.
    const std::size_t place = line.find(" /dev ");
    if (place == std::string_view::npos) continue;
    const std::size_t before = line.find(' ', place + 6);
    if (before == std::string_view::npos) continue;
    const std::string_view rest_of_line = line.substr(before + 1);
    const std::string_view options = rest_of_line.substr(0, rest_of_line.find(' '));
    refused = concat(",", options, ",").find(",noexec,") != std::string::npos;
  }
  return datum("code in enclaves", Need::Required, !refused,
               refused ? "/dev is mounted noexec" : "", "mount /dev with exec in this container",
               1);
}

/// A socket that is there may be of a service that is not.
Datum aesm(const Machine& machine) {
  constexpr std::string_view path = "/var/run/aesmd/aesm.socket";
  const bool there = machine.has(path);
  const bool listens = there && machine.listens(path);
  return datum("AESM socket", Need::Attestation, listens,
               concat(path, there && !listens ? ": nobody listens" : ""),
               there ? "start Intel's aesmd, or let this user or container reach its socket"
                     : "install and start Intel's aesmd, which holds the quoting enclave; a "
                       "container needs its socket mounted");
}

Datum cached(const Machine& machine, std::string_view name, std::string_view path,
             std::string_view remedy) {
  return datum(name, Need::Attestation, machine.has(path), std::string(path), remedy);
}

}  // namespace

Backend probe_sgx(const Machine& machine) {
  Backend sgx{"sgx",
              {device(machine, "/dev/sgx_enclave",
                      "use Linux 6.0 or newer with CONFIG_X86_SGX on a CPU with SGX; a container "
                      "needs --device /dev/sgx_enclave"),
               kernel(machine), executable_device(machine)}};
  add_cpu(machine.processor, sgx.data);
  sgx.data.push_back(aesm(machine));
  sgx.data.push_back(cached(machine, "Intel revocation lists", "/var/cache/intel-sgx/crls.der",
                            "merlon platform sgx cache-crl gets them from Intel"));
  sgx.data.push_back(cached(machine, "Intel TCB information", "/var/cache/intel-sgx/tcb.der",
                            "merlon platform sgx cache-pck, then cache-tcb, get it from Intel"));
  sgx.data.push_back(cached(machine, "Intel identity of the quoting enclave",
                            "/var/cache/intel-sgx/qe-identity.json",
                            "merlon platform sgx cache-tcb gets it from Intel"));
  return sgx;
}

}  // namespace merlon::host::probe
