#pragma once

// The file in which a keep's signatures are handed over, as Enarx 0.7.1 has it: JSON with the three
// structures as arrays of numbers. Pure; any thread. Texts may be anybody's: what was parsed has
// the right form, and nothing says that its signatures hold.

#include <optional>
#include <string>
#include <string_view>

#include "merlon/sgx/sigstruct.h"
#include "merlon/snp/id_block.h"

namespace merlon::signing {

struct GuestSignature {
  snp::IdBlock block;
  snp::IdAuth auth;

  friend bool operator==(const GuestSignature&, const GuestSignature&) = default;
};

struct SignatureFile {
  /// Of the text; what pretty printers make of one has up to 100 KiB.
  static constexpr std::size_t max_size = 256UL * 1024;
  /// The Enarx whose form this is; it takes files of its own version alone.
  static constexpr std::string_view enarx_version = "0.7.1";
  static constexpr std::size_t max_version_size = 64;

  std::string version{enarx_version};
  std::optional<GuestSignature> guest;    ///< none: "id_block" and "id_auth" are empty
  std::optional<sgx::Sigstruct> enclave;  ///< none: "sgx" is empty

  /// Malformed: no JSON, members that are missing, unknown or of another kind, what is no byte,
  /// structures that are not as they must be, half of a guest's two, no signature at all.
  /// Unsupported as IdBlock, IdAuth and Sigstruct have it. Exhausted: beyond max_size.
  [[nodiscard]] static core::Result<SignatureFile> parse(std::string_view text);

  /// On one line, without an end of it, with the members in Enarx' order.
  [[nodiscard]] std::string to_json() const;

  friend bool operator==(const SignatureFile&, const SignatureFile&) = default;
};

/// Whether a text can be a file's version: 1 to 64 letters, digits, '.', '+' and '-'.
[[nodiscard]] bool is_version(std::string_view text) noexcept;

}  // namespace merlon::signing
