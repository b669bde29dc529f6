#pragma once

// The commands that make and use keys, each pair of them in a file of its subject.

#include "merlon/cli/table.h"

namespace merlon::cli_keys {

int key_snp_create(const cli::Arguments& arguments, const cli::Terminal& terminal);
int key_snp_digest(const cli::Arguments& arguments, const cli::Terminal& terminal);
int key_snp_sign(const cli::Arguments& arguments, const cli::Terminal& terminal);
int key_sgx_create(const cli::Arguments& arguments, const cli::Terminal& terminal);
int key_sgx_digest(const cli::Arguments& arguments, const cli::Terminal& terminal);
int sign(const cli::Arguments& arguments, const cli::Terminal& terminal);
int signature_check(const cli::Arguments& arguments, const cli::Terminal& terminal);

}  // namespace merlon::cli_keys
