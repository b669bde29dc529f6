#pragma once

// Where secrets of this user lie, each under an id: in a credential helper of his, in the desktop's
// keyring, or in files that only he may read. Errors are lines for people without a secret.

#include <optional>
#include <string>

#include "merlon/login/issuer.h"

namespace merlon::login {

inline constexpr std::size_t max_secret = std::size_t{24} << 10U;

enum class StoreKind : std::uint8_t { Helper, Keyring, File };
[[nodiscard]] std::string_view name_of(StoreKind kind) noexcept;
[[nodiscard]] std::optional<StoreKind> find_store_kind(std::string_view name) noexcept;

class SecretStore {
 public:
  /// A program that takes `show ID`, and `insert ID` with the secret on standard input, as Enarx
  /// has it [ENARX 0.7.1 src/drawbridge.rs].
  [[nodiscard]] static SecretStore helper(std::string program);
  /// The desktop's, by secret-tool, where Enarx' client finds it as well.
  [[nodiscard]] static SecretStore keyring();
  /// Files in a directory, mode 0600; it is made when it is needed.
  [[nodiscard]] static SecretStore files(std::string folder);

  [[nodiscard]] StoreKind kind() const noexcept { return kind_; }
  /// Nothing: there is none by that id.
  [[nodiscard]] Result<std::optional<std::string>> show(const std::string& id) const;
  [[nodiscard]] Result<void> insert(const std::string& id, const std::string& secret) const;
  /// Whether it can be done: a helper has no word for it.
  [[nodiscard]] Result<bool> remove(const std::string& id) const;

 private:
  SecretStore(StoreKind kind, std::string place) noexcept : kind_(kind), place_(std::move(place)) {}
  [[nodiscard]] std::string path_of(const std::string& id) const;

  StoreKind kind_;
  std::string place_;  ///< the program or the directory
};

}  // namespace merlon::login
