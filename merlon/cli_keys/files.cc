#include "merlon/cli_keys/files.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::cli_keys {

using base::concat;
using core::ByteView;
using launch::ExitStatus;

namespace {

std::string shown(const std::string& path) {
  return path == "-" ? "standard input" : base::printable(path);
}

Failure unreadable(const std::string& path, std::string_view why) {
  return {concat(shown(path), ": cannot be read: ", why)};
}

/// What a key must be, and who makes such a one.
std::string_view wanted(Purpose purpose) noexcept {
  switch (purpose) {
    case Purpose::Snp: return "SEV-SNP wants one of P-384, as merlon key snp create makes it";
    case Purpose::Sgx:
      return "SGX wants RSA of 3072 bits with exponent 3, as merlon key sgx create makes it";
  }
  return "";
}

bool fits(const crypto::PublicHalf& half, Purpose purpose) noexcept {
  if (const auto* ec = std::get_if<crypto::EcPublicHalf>(&half)) {
    return purpose == Purpose::Snp && ec->curve == crypto::KeyKind::P384;
  }
  const auto* rsa = std::get_if<crypto::RsaPublicHalf>(&half);
  return purpose == Purpose::Sgx && rsa != nullptr && rsa->bits() == 3072 && rsa->exponent == 3;
}

std::string describe(const crypto::PublicHalf& half) {
  if (const auto* ec = std::get_if<crypto::EcPublicHalf>(&half)) {
    return concat("a key of ", ec->curve == crypto::KeyKind::P256 ? "P-256" : "P-384");
  }
  const auto& rsa = std::get<crypto::RsaPublicHalf>(half);
  return concat("an RSA key of ", rsa.bits(), " bits with exponent ", rsa.exponent);
}

Failure no_key(const std::string& path, const core::Error& error, Purpose purpose) {
  if (error.code == core::ErrorCode::Internal) return broken(shown(path), error);
  const bool another = error.code == core::ErrorCode::Unsupported;
  return {
      concat(shown(path), ": ", error.what, another ? "; " : "", another ? wanted(purpose) : "")};
}

Result<void> expect_fitting(const std::string& path, const crypto::PublicHalf& half,
                            Purpose purpose) {
  if (fits(half, purpose)) return {};
  return Failure{concat(shown(path), ": ", describe(half), "; ", wanted(purpose))};
}

/// A private key in PEM among what the file begins with. What cannot be read cannot be told.
bool holds_private_key(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return false;
  auto bytes = os::read_all(*file, 4 * crypto::PrivateKey::max_pem_size);
  if (!bytes) return false;
  const crypto::SecretBytes content(*std::move(bytes));
  return core::as_text(content.reveal()).find("PRIVATE KEY-----") != std::string_view::npos;
}

Result<void> write_out(ByteView bytes) {
  if (os::write_all(os::BorrowedFd(1), bytes)) return {};
  return Failure{"standard output did not take all of it", ExitStatus::OutputLost};
}

}  // namespace

int fail(const cli::Terminal& terminal, const Failure& failure) {
  return cli::fail(terminal, failure.text, launch::number(failure.status));
}

Failure usage(std::string text) { return {std::move(text), ExitStatus::Usage}; }

Failure broken(std::string_view subject, const core::Error& error) {
  const bool ours = error.code == core::ErrorCode::Internal;
  return {concat(subject, ": ", error.what), ours ? ExitStatus::KeepFailed : ExitStatus::Unusable};
}

Result<std::string> required(const cli::Arguments& arguments, std::string_view option,
                             std::string_view value) {
  if (!arguments.has(option)) return usage(concat(option, " ", value, " is missing"));
  return arguments.value(option);
}

Result<void> expect_one_standard_input(std::initializer_list<std::string_view> paths) {
  if (std::ranges::count(paths, "-") <= 1) return {};
  return usage("only one file can be standard input");
}

Result<std::vector<std::uint8_t>> read_bytes(const std::string& path, std::size_t max_size) {
  const auto file = os::open_file(path == "-" ? "/dev/stdin" : path);
  if (!file) return unreadable(path, os::describe(file.error()));
  auto bytes = os::read_all(*file, max_size);
  if (!bytes && bytes.error() == os::Errno::Fbig) {
    return unreadable(path, concat("it is larger than ", max_size, " bytes"));
  }
  if (!bytes) return unreadable(path, os::describe(bytes.error()));
  return *std::move(bytes);
}

Result<crypto::PrivateKey> read_private_key(const std::string& path, Purpose purpose) {
  const crypto::SecretBytes text(TRY(read_bytes(path, crypto::PrivateKey::max_pem_size)));
  auto key = crypto::PrivateKey::from_pem(text.reveal());
  if (!key) return no_key(path, key.error(), purpose);
  const auto half = crypto::public_half_of(*key);
  if (!half) return broken(shown(path), half.error());
  TRY(expect_fitting(path, *half, purpose));
  return *std::move(key);
}

Result<crypto::PublicHalf> read_public_half(const std::string& path, Purpose purpose) {
  const crypto::SecretBytes text(TRY(read_bytes(path, crypto::PrivateKey::max_pem_size)));
  auto half = crypto::public_half_from_pem(text.reveal());
  if (!half) return no_key(path, half.error(), purpose);
  TRY(expect_fitting(path, *half, purpose));
  return *std::move(half);
}

bool is_standard_output(std::string_view path) noexcept { return path.empty() || path == "-"; }

Result<void> write_result(const std::string& path, ByteView bytes) {
  if (is_standard_output(path)) return write_out(bytes);
  if (holds_private_key(path)) {
    return Failure{concat(base::printable(path),
                          ": holds a private key, which is not replaced; name another file")};
  }
  if (const auto written = cli::write_output(path, bytes); !written) {
    return Failure{written.error()};
  }
  return {};
}

Result<void> write_secret(const std::string& path, const crypto::SecretBytes& secret, bool force) {
  if (is_standard_output(path)) return write_out(secret.reveal());
  const cli::OutputRules rules{force ? cli::Existing::Replaced : cli::Existing::Kept,
                               cli::Readers::Owner};
  if (const auto written = cli::write_output(path, secret.reveal(), rules); !written) {
    return Failure{written.error()};
  }
  return {};
}

}  // namespace merlon::cli_keys
