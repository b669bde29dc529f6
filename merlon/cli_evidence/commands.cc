#include "merlon/cli_evidence/commands.h"

#include <array>

#include "merlon/cli_keys/commands.h"

namespace merlon::cli_evidence {

namespace {

using cli::Handler;

constexpr auto all_handlers = std::array{
    Handler{"evidence inspect", &evidence_inspect},
    Handler{"evidence verify", &evidence_verify},
    Handler{"evidence fetch", &evidence_fetch},
    Handler{"evidence policy init", &evidence_policy_init},
    Handler{"evidence policy check", &evidence_policy_check},
    Handler{"keep measure", &keep_measure},
    Handler{"keep evidence", &keep_evidence},
    Handler{"platform tcb", &platform_tcb},
    Handler{"platform snp cache-crl", &platform_snp_cache_crl},
    Handler{"platform snp update", &platform_snp_update},
    Handler{"platform snp vcek", &platform_snp_vcek},
    Handler{"initialize", &initialize},
    Handler{"update-cache", &update_cache},
    Handler{"platform sgx register", &platform_sgx_register},
    Handler{"platform sgx cache-crl", &platform_sgx_cache_crl},
    Handler{"platform sgx cache-pck", &platform_sgx_cache_pck},
    Handler{"platform sgx cache-tcb", &platform_sgx_cache_tcb},
    Handler{"platform simulate init", &platform_simulate_init},
    Handler{"platform simulate show", &platform_simulate_show},
    Handler{"platform simulate revoke", &platform_simulate_revoke},
    Handler{"platform simulate update", &platform_simulate_update},
    Handler{"key snp create", &cli_keys::key_snp_create},
    Handler{"key snp digest", &cli_keys::key_snp_digest},
    Handler{"key snp sign", &cli_keys::key_snp_sign},
    Handler{"key sgx create", &cli_keys::key_sgx_create},
    Handler{"key sgx digest", &cli_keys::key_sgx_digest},
    Handler{"key sev create", &cli_keys::key_snp_create},
    Handler{"key sev digest", &cli_keys::key_snp_digest},
    Handler{"key sev sign", &cli_keys::key_snp_sign},
    Handler{"sign", &cli_keys::sign},
    Handler{"signature check", &cli_keys::signature_check},
};

}  // namespace

std::span<const cli::Handler> handlers() noexcept { return all_handlers; }

}  // namespace merlon::cli_evidence
