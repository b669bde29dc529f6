#pragma once

// How a command line reaches a registry: its host, whom to believe, by which token; and names of
// things as command lines have them.

#include <optional>
#include <string>

#include "merlon/cli/table.h"
#include "merlon/login/logins.h"
#include "merlon/registry_client/client.h"

namespace merlon::cli_registry {

/// Exit statuses beside 0; docs/errors.md.
enum class Status : int { Unusable = 1, Usage = 2, Untrue = 3 };

/// One line for people, and the status to end with.
struct Failure {
  std::string text;
  Status status = Status::Unusable;
};
template <typename T>
using Result = core::Result<T, Failure>;

/// Untrue for what is not what its digest says, and for what was withdrawn.
[[nodiscard]] Failure failure_of(const registry_client::Failure& failure);
template <typename T>
[[nodiscard]] Result<T> told(registry_client::Result<T> result) {
  if (!result) return failure_of(result.error());
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

/// Prints a failure's line; a command's exit status either way.
[[nodiscard]] int end(const cli::Terminal& terminal, const Result<int>& status);

/// "[HOST/]USER[/REPO]".
struct Spec {
  std::string host;  ///< empty: none was named
  registry_client::RepositoryName name;
};
[[nodiscard]] Result<Spec> user_spec(const std::string& text);
[[nodiscard]] Result<Spec> repository_spec(const std::string& text);
[[nodiscard]] Result<registry::Slug> slug_of(const std::string& text);

/// Where registries are asked; `host` is what a name says, else --host or MERLON_DRAWBRIDGE.
class Access {
 public:
  [[nodiscard]] static Result<Access> of(const cli::Arguments& arguments,
                                         const cli::Terminal& terminal, const std::string& host);

  /// The same for a registry that is no Drawbridge: what variables say of Enarx' tokens is not for
  /// it, and Docker's files are asked by who has use for all that stands there.
  [[nodiscard]] static Result<Access> of_other(const cli::Arguments& arguments,
                                               const cli::Terminal& terminal,
                                               const std::string& host);

  [[nodiscard]] Result<registry_client::Client> client() const;
  [[nodiscard]] std::shared_ptr<login::LoginTokens> tokens() const { return tokens_; }
  [[nodiscard]] const login::Reach& reach() const noexcept { return reach_; }
  [[nodiscard]] const login::Logins& logins() const noexcept { return logins_; }
  /// As it is named.
  [[nodiscard]] const std::string& host() const noexcept { return host_; }
  /// HOST[:PORT], by which logins and tags are remembered.
  [[nodiscard]] std::string bare_host() const;

 private:
  Access(std::string host, login::Reach reach, login::Logins logins) noexcept
      : host_(std::move(host)), reach_(std::move(reach)), logins_(std::move(logins)) {}
  void set_tokens(login::TokenWishes wishes, std::string file);

  std::string host_;
  login::Reach reach_;
  login::Logins logins_;
  std::shared_ptr<login::LoginTokens> tokens_;
};

/// The files in which Docker and others keep logins, the first first: $REGISTRY_AUTH_FILE,
/// $DOCKER_CONFIG or ~/.docker, and where podman, buildah and skopeo have theirs.
[[nodiscard]] std::vector<std::string> docker_files(const cli::Terminal& terminal);

/// An option, else the first variable that is set.
[[nodiscard]] std::string option_or(const cli::Arguments& arguments, const cli::Terminal& terminal,
                                    std::string_view option,
                                    std::initializer_list<const char*> variables);

}  // namespace merlon::cli_registry
