// merlon platform sgx register, cache-crl, cache-pck, cache-tcb, platform snp cache-crl: what a
// host gets from its processor's vendor for its keeps, where Enarx has it; update-cache, which is
// those of them that want doing again and again, and initialize, which is what wants doing first.
// The work is merlon-fetch's.

#include <array>

#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/fetch.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/host/snp/certificates.h"
#include "merlon/os/processor.h"

namespace merlon::cli_evidence {

namespace {

constexpr const char* intel_cache = "/var/cache/intel-sgx";
using host::snp::amd_cache;

int run(std::string_view command, const std::string& source, const cli::Arguments& arguments,
        const cli::Terminal& terminal, const char* cache = intel_cache) {
  const std::array<std::string, 8> words{"merlon-fetch",
                                         "--host",
                                         std::string(command),
                                         arguments.value("--dir", cache),
                                         arguments.value("--intel-url"),
                                         arguments.value("--intel-root-url"),
                                         arguments.value("--amd-url"),
                                         source};
  return run_fetch(words, terminal);
}

/// "amd" or "intel" as CPUID names them; empty for others.
std::string own_vendor() {
  const base::CpuidRegisters name = os::cpuid(0);
  constexpr base::CpuidRegisters amd{0, 0x6874'7541, 0x444d'4163, 0x6974'6e65};    // AuthenticAMD
  constexpr base::CpuidRegisters intel{0, 0x756e'6547, 0x6c65'746e, 0x4965'6e69};  // GenuineIntel
  const base::CpuidRegisters found{0, name.ebx, name.ecx, name.edx};
  return found == amd ? "amd" : found == intel ? "intel" : "";
}

int told_no_vendor(const cli::Terminal& terminal) {
  return cli::fail(terminal, "this processor is neither AMD's nor Intel's: there is nobody to ask",
                   number(Status::Unusable));
}

}  // namespace

int platform_sgx_register(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return run("register", arguments.value("--request"), arguments, terminal);
}

int platform_sgx_cache_crl(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return run("cache-crl", "", arguments, terminal);
}

int platform_snp_cache_crl(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return run("amd-crl", "", arguments, terminal, amd_cache);
}

int platform_sgx_cache_pck(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return run("cache-pck", arguments.value("--csv"), arguments, terminal);
}

int platform_sgx_cache_tcb(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  return run("cache-tcb", "", arguments, terminal);
}

int initialize(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string vendor = arguments.value("--vendor", own_vendor());
  if (vendor == "amd") return platform_snp_update(arguments, terminal);
  if (vendor == "intel") return platform_sgx_register(arguments, terminal);
  return told_no_vendor(terminal);
}

int update_cache(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string vendor = arguments.value("--vendor", own_vendor());
  if (vendor == "amd") return run("amd-crl", "", arguments, terminal, amd_cache);
  if (vendor != "intel") return told_no_vendor(terminal);
  // One that fails must not keep the other one back.
  const int lists = run("cache-crl", "", arguments, terminal);
  const int word = run("cache-tcb", "", arguments, terminal);
  return lists != 0 ? lists : word;
}

}  // namespace merlon::cli_evidence
