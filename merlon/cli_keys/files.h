#pragma once

// Keys and signatures as the files of a command line.

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/cli/output_file.h"
#include "merlon/cli/table.h"
#include "merlon/crypto/private_key.h"
#include "merlon/launch/exit_status.h"

namespace merlon::cli_keys {

/// One line for people and the status to end with.
struct Failure {
  std::string text;
  launch::ExitStatus status = launch::ExitStatus::Unusable;
};
template <typename T>
using Result = core::Result<T, Failure>;

int fail(const cli::Terminal& terminal, const Failure& failure);

/// A command line that lacks something, or has too much of it.
[[nodiscard]] Failure usage(std::string text);
/// What went wrong in a library of ours: a file of the user's, or a defect.
[[nodiscard]] Failure broken(std::string_view subject, const core::Error& error);

/// The value of an option that a command cannot do without.
[[nodiscard]] Result<std::string> required(const cli::Arguments& arguments, std::string_view option,
                                           std::string_view value);

/// Of these files at most one may be standard input.
[[nodiscard]] Result<void> expect_one_standard_input(std::initializer_list<std::string_view> paths);

/// "-" is standard input.
[[nodiscard]] Result<std::vector<std::uint8_t>> read_bytes(const std::string& path,
                                                           std::size_t max_size);

/// Which keys a command wants: of P-384 for SEV-SNP, of RSA with 3072 bits and exponent 3 for SGX.
enum class Purpose : std::uint8_t { Snp, Sgx };

[[nodiscard]] Result<crypto::PrivateKey> read_private_key(const std::string& path, Purpose purpose);
/// From a file with either half.
[[nodiscard]] Result<crypto::PublicHalf> read_public_half(const std::string& path, Purpose purpose);

/// Where a command's result goes: to standard output for "-" or an empty path. A file with a
/// private key is never replaced by what is none.
[[nodiscard]] Result<void> write_result(const std::string& path, core::ByteView bytes);
/// The same for a private key, which nobody else may read; what is there already stays, unless
/// `force`.
[[nodiscard]] Result<void> write_secret(const std::string& path, const crypto::SecretBytes& secret,
                                        bool force);

/// Whether that is standard output.
[[nodiscard]] bool is_standard_output(std::string_view path) noexcept;

}  // namespace merlon::cli_keys
