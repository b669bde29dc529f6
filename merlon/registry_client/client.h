#pragma once

// A registry as its client sees it [ENARX drawbridge 0.4; docs/drawbridge.md]. It is not believed:
// what it says is bounded and read strictly, and content counts by its digest alone. Errors are
// lines for people, with what kind of trouble it is.

#include <memory>
#include <string>
#include <vector>

#include "merlon/https_client/https_client.h"
#include "merlon/registry/names.h"
#include "merlon/registry_client/answers.h"

namespace merlon::registry_client {

/// Below which all paths of a registry lie.
inline constexpr std::string_view api = "/api/v0.1.0";

enum class Trouble : std::uint8_t {
  Unusable,    ///< it cannot be reached, or what it says makes no sense
  NotThere,    ///< 404
  NotAllowed,  ///< 401 and 403
  Taken,       ///< 409
  Withdrawn,   ///< 410
  Untrue,      ///< what came is not what its digest says
};

struct Failure {
  std::string text;
  Trouble trouble = Trouble::Unusable;
};
template <typename T>
using Result = core::Result<T, Failure>;

/// By what a registry knows who asks. Secrets: no error tells them.
class Tokens {
 public:
  virtual ~Tokens() = default;
  /// The header Authorization; empty: there is none.
  [[nodiscard]] virtual core::Result<std::string, std::string> authorization() = 0;
  /// The last one was refused. Whether authorization() now gives another.
  [[nodiscard]] virtual bool renew() = 0;
};

/// Where a registry is, and how it is reached.
struct Place {
  std::string host;  ///< "HOST[:PORT]", https; or "https://HOST[:PORT]"; http:// of this machine
  https_client::TlsFiles files{};
  https_client::ProxyRules proxies{};
};

/// "USER/REPO", as a command line or a slug names it.
struct RepositoryName {
  std::string user;
  std::string repository;
  [[nodiscard]] std::string path() const;
};

class Client {
 public:
  /// `tokens` may be null.
  [[nodiscard]] static Result<Client> create(const Place& place, std::shared_ptr<Tokens> tokens);

  /// Asks with the path of `asking` below the API's own, and with the token; once more with another
  /// token if that one is refused. Gives any answer but those of 3xx, which are never followed: the
  /// error names where they lead.
  [[nodiscard]] Result<http_client::Answer> ask(https_client::Asking asking) const;
  /// The same, and refusals are errors.
  [[nodiscard]] Result<http_client::Answer> ask_well(https_client::Asking asking) const;
  /// What the answer of a refusal is as an error.
  [[nodiscard]] Failure refusal(const http_client::Answer& answer) const;
  [[nodiscard]] Failure unusable(std::string_view what) const;
  /// For who asks with a source, which only he can begin again.
  [[nodiscard]] bool renew_token() const { return tokens_ != nullptr && tokens_->renew(); }

  [[nodiscard]] Result<void> register_user(std::string_view user, std::string_view subject) const;
  [[nodiscard]] Result<std::string> subject_of(std::string_view user) const;
  [[nodiscard]] Result<void> register_repository(const RepositoryName& name, bool is_public) const;
  [[nodiscard]] Result<bool> is_public(const RepositoryName& name) const;
  [[nodiscard]] Result<std::vector<std::string>> tags(const RepositoryName& name) const;
  [[nodiscard]] Result<std::vector<Version>> versions(const RepositoryName& name) const;
  /// Of one user, or of all for an empty one; in which `words` are found, or all for none. All
  /// pages, as far as `most`.
  [[nodiscard]] Result<std::vector<Repository>> repositories(std::string_view user,
                                                             std::string_view words,
                                                             std::size_t most) const;
  [[nodiscard]] Result<void> yank(const RepositoryName& name, std::string_view tag,
                                  std::string_view reason) const;
  [[nodiscard]] Result<void> restore(const RepositoryName& name, std::string_view tag) const;
  [[nodiscard]] Result<void> remove(const RepositoryName& name, std::string_view tag) const;
  /// Which keeps may read it, in JSON (docs/drawbridge.md); the registry judges whether it is that.
  [[nodiscard]] Result<std::string> admission(const RepositoryName& name) const;
  [[nodiscard]] Result<void> set_admission(const RepositoryName& name,
                                           const std::string& json) const;
  [[nodiscard]] Result<IssuedToken> create_token(const RepositoryName& name,
                                                 const std::vector<std::string>& rights,
                                                 std::uint64_t days) const;
  [[nodiscard]] Result<std::vector<IssuedToken>> tokens(const RepositoryName& name) const;
  [[nodiscard]] Result<void> revoke_token(const RepositoryName& name, std::string_view id) const;

  /// A tag's entry and its text. If the slug has a digest, that names it also where it is yanked.
  struct Tag {
    TagEntry entry;
    std::string type;
    std::string text;
  };
  [[nodiscard]] Result<Tag> tag(const registry::Slug& slug) const;

  [[nodiscard]] const std::string& host() const noexcept { return host_; }

 private:
  Client(https_client::HttpsClient https, std::string host, std::shared_ptr<Tokens> tokens) noexcept
      : https_(std::move(https)), host_(std::move(host)), tokens_(std::move(tokens)) {}

  [[nodiscard]] Result<http_client::Answer> get(const std::string& path, std::size_t most) const;
  [[nodiscard]] Result<http_client::Answer> send_json(std::string_view method,
                                                      const std::string& path,
                                                      const std::string& json) const;

  https_client::HttpsClient https_;
  std::string host_;
  std::shared_ptr<Tokens> tokens_;
};

/// "/alice/app/_tag/1.0.0"
[[nodiscard]] std::string path_of_tag(const registry::Slug& slug);
/// "?digest=sha-256=…" if it is pinned.
[[nodiscard]] std::string query_of(const registry::Slug& slug);

}  // namespace merlon::registry_client
