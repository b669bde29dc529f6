// merlon platform sgx register, cache-crl, cache-pck, cache-tcb: what a host with SGX gets from
// Intel for its keeps, where Enarx has it. The work is merlon-fetch's.

#include <array>

#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/fetch.h"

namespace merlon::cli_evidence {

namespace {

constexpr const char* intel_cache = "/var/cache/intel-sgx";
constexpr const char* amd_cache = "/var/cache/amd-sev";

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

}  // namespace merlon::cli_evidence
