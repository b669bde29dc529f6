#include "merlon/cli/handlers.h"

#include <array>

namespace merlon::cli {

namespace {

constexpr std::array all_handlers{
    Handler{"run", &run},
    Handler{"deploy", &in_merlon_deploy},
    Handler{"keeps list", &in_merlon_deploy},
    Handler{"keeps attach", &in_merlon_deploy},
    Handler{"keeps logs", &in_merlon_deploy},
    Handler{"keeps stop", &in_merlon_deploy},
    Handler{"keeps evidence", &in_merlon_deploy},
    Handler{"keeps forget", &in_merlon_deploy},
    Handler{"user login", &in_merlon_registry},
    Handler{"user logout", &in_merlon_registry},
    Handler{"user register", &in_merlon_registry},
    Handler{"user info", &in_merlon_registry},
    Handler{"repo register", &in_merlon_registry},
    Handler{"repo info", &in_merlon_registry},
    Handler{"repo admission", &in_merlon_registry},
    Handler{"repo list", &in_merlon_registry},
    Handler{"repo search", &in_merlon_registry},
    Handler{"repo yank", &in_merlon_registry},
    Handler{"repo token create", &in_merlon_registry},
    Handler{"repo token list", &in_merlon_registry},
    Handler{"repo token revoke", &in_merlon_registry},
    Handler{"repo token generate", &in_merlon_registry},
    Handler{"repo token info", &in_merlon_registry},
    Handler{"package check", &in_merlon_registry},
    Handler{"package publish", &in_merlon_registry},
    Handler{"package fetch", &in_merlon_registry},
    Handler{"package info", &in_merlon_registry},
    Handler{"package yank", &in_merlon_registry},
    Handler{"tree digest", &in_merlon_registry},
    Handler{"tree info", &in_merlon_registry},
    Handler{"tree fetch", &in_merlon_registry},
    Handler{"tree diff", &in_merlon_registry},
    Handler{"volumes list", &in_merlon_deploy},
    Handler{"volumes remove", &in_merlon_deploy},
    Handler{"inspect", &inspect},
    Handler{"evidence inspect", &in_merlon_evidence},
    Handler{"evidence verify", &in_merlon_evidence},
    Handler{"evidence fetch", &in_merlon_evidence},
    Handler{"evidence policy init", &in_merlon_evidence},
    Handler{"evidence policy check", &in_merlon_evidence},
    Handler{"keep measure", &in_merlon_evidence},
    Handler{"keep evidence", &in_merlon_evidence},
    Handler{"key snp create", &in_merlon_evidence},
    Handler{"key snp digest", &in_merlon_evidence},
    Handler{"key snp sign", &in_merlon_evidence},
    Handler{"key sgx create", &in_merlon_evidence},
    Handler{"key sgx digest", &in_merlon_evidence},
    Handler{"key sev create", &in_merlon_evidence},
    Handler{"key sev digest", &in_merlon_evidence},
    Handler{"key sev sign", &in_merlon_evidence},
    Handler{"sign", &in_merlon_evidence},
    Handler{"signature check", &in_merlon_evidence},
    Handler{"platform info", &platform_info},
    Handler{"platform tcb", &in_merlon_evidence},
    Handler{"platform snp cache-crl", &in_merlon_evidence},
    Handler{"platform sgx register", &in_merlon_evidence},
    Handler{"platform sgx cache-crl", &in_merlon_evidence},
    Handler{"platform sgx cache-pck", &in_merlon_evidence},
    Handler{"platform sgx cache-tcb", &in_merlon_evidence},
    Handler{"platform simulate init", &in_merlon_evidence},
    Handler{"platform simulate show", &in_merlon_evidence},
    Handler{"platform simulate revoke", &in_merlon_evidence},
    Handler{"platform simulate update", &in_merlon_evidence},
    Handler{"config init", &config_init},
    Handler{"completion", &completion},
    Handler{"man", &man},
};

}  // namespace

std::span<const Handler> handlers() noexcept { return all_handlers; }

}  // namespace merlon::cli
