#pragma once

// Private to the room: directories of simulated machines, which only their owner may enter, and
// files in them. Errors: the system's with the number as detail; all others with the detail 0.

#include <string>
#include <string_view>
#include <vector>

#include "merlon/crypto/private_key.h"
#include "merlon/x509/certificate.h"

namespace merlon::simulate {

inline constexpr std::string_view certificate_label = "CERTIFICATE";
inline constexpr std::string_view list_label = "X509 CRL";

/// A detail of a parser's is no number of the system's.
template <typename T>
core::Result<T> parsed(core::Result<T> result) {
  if (!result) result.error().detail = 0;
  return result;
}

[[nodiscard]] core::Result<void> make_directory(const std::string& path);
/// A file that was not there.
[[nodiscard]] core::Result<void> write_new(const std::string& path, core::ByteView bytes);
[[nodiscard]] core::Result<void> write_pem(const std::string& path, std::string_view label,
                                           core::ByteView der);
[[nodiscard]] core::Result<void> write_key(const std::string& path, const crypto::PrivateKey& key);

/// `from` becomes `directory`, unless there is something by that name: Denied.
[[nodiscard]] core::Result<void> move_into_place(const std::string& from,
                                                 const std::string& directory);
/// Each becomes the other, at once.
[[nodiscard]] core::Result<void> exchange_places(const std::string& from,
                                                 const std::string& directory);

/// `directory` without slashes at its end, so that something can be made beside it.
[[nodiscard]] std::string trimmed(std::string directory);

[[nodiscard]] core::Result<std::vector<std::uint8_t>> read_file(const std::string& path,
                                                                std::size_t max_size);
/// The one block of a file of ours.
[[nodiscard]] core::Result<std::vector<std::uint8_t>> only_block(core::ByteView text,
                                                                 std::string_view label);
/// A key's file.
[[nodiscard]] core::Result<crypto::SecretBytes> read_secret(const std::string& path);
/// Denied if it is not the certificate's.
[[nodiscard]] core::Result<crypto::PrivateKey> key_of(const crypto::SecretBytes& text,
                                                      const x509::Certificate& owner);

}  // namespace merlon::simulate
