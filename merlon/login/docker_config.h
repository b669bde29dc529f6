#pragma once

// Where users of containers keep what they log in to registries with: Docker's config.json and the
// auth.json of others [DOCKER-CONFIG; CONTAINERS-AUTH], and the programs that they name
// (docker-credential-NAME) [DOCKER-HELPERS]. Files of the user's, but bounded and read strictly all
// the same. No error tells a secret.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/login/issuer.h"

namespace merlon::login {

inline constexpr std::size_t max_docker_config = std::size_t{1} << 20U;

/// What is kept for one registry.
struct RegistryLogin {
  std::string user{};
  std::string password{};
  std::string identity_token{};  ///< buys tokens
  std::string registry_token{};  ///< is one
  [[nodiscard]] bool empty() const noexcept;
  bool operator==(const RegistryLogin&) const = default;
};

struct DockerConfig {
  std::map<std::string, RegistryLogin, std::less<>> auths{};  ///< by names as they stand there
  std::map<std::string, std::string, std::less<>> helpers{};  ///< of one registry each
  std::string store{};                                        ///< of all others
};
/// Malformed · Exhausted.
[[nodiscard]] core::Result<DockerConfig> parse_docker_config(std::string_view json);

/// What a credential helper answers to "get". Malformed.
[[nodiscard]] core::Result<RegistryLogin> parse_helper_answer(std::string_view json);

/// What `config` itself keeps for a repository at a host: the longest name of it that is there.
[[nodiscard]] RegistryLogin find_login(const DockerConfig& config, std::string_view host,
                                       std::string_view repository);

/// Runs `program`, which gets the host's name on its standard input. Nothing: it has none.
[[nodiscard]] Result<std::optional<RegistryLogin>> ask_docker_helper(const std::string& program,
                                                                     std::string_view host);

/// In the first of these files that has something for it: by the helper that it names, else in it.
[[nodiscard]] Result<RegistryLogin> find_registry_login(const std::vector<std::string>& files,
                                                        std::string_view host,
                                                        std::string_view repository);

/// Whether a credential helper speaks Docker's protocol, by its name.
[[nodiscard]] bool is_docker_helper(std::string_view program) noexcept;

}  // namespace merlon::login
