#pragma once

// The commands of merlon-evidence, each in a file of its name.

#include <span>

#include "merlon/cli/table.h"

namespace merlon::cli_evidence {

[[nodiscard]] std::span<const cli::Handler> handlers() noexcept;

int evidence_fetch(const cli::Arguments& arguments, const cli::Terminal& terminal);
int evidence_inspect(const cli::Arguments& arguments, const cli::Terminal& terminal);
int evidence_verify(const cli::Arguments& arguments, const cli::Terminal& terminal);
int evidence_policy_init(const cli::Arguments& arguments, const cli::Terminal& terminal);
int evidence_policy_check(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keep_evidence(const cli::Arguments& arguments, const cli::Terminal& terminal);
int keep_measure(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_tcb(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_sgx_register(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_sgx_cache_crl(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_sgx_cache_pck(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_sgx_cache_tcb(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_snp_cache_crl(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_snp_update(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_snp_vcek(const cli::Arguments& arguments, const cli::Terminal& terminal);
int initialize(const cli::Arguments& arguments, const cli::Terminal& terminal);
int update_cache(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_simulate_init(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_simulate_show(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_simulate_revoke(const cli::Arguments& arguments, const cli::Terminal& terminal);
int platform_simulate_update(const cli::Arguments& arguments, const cli::Terminal& terminal);

}  // namespace merlon::cli_evidence
