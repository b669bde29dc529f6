#pragma once

// Who asks, and whether he may. Tokens are secrets: nothing of them is told or kept.

#include <functional>
#include <optional>
#include <string>

#include "merlon/drawbridge/admission.h"
#include "merlon/drawbridge/refusal.h"
#include "merlon/drawbridge/target.h"
#include "merlon/http/message.h"
#include "merlon/oidc/issuers.h"
#include "merlon/registry_store/catalogue.h"

namespace merlon::drawbridge {

enum class Level : std::uint8_t { Read, Write };
/// What a token's scopes are about [ENARX drawbridge 0.4 crates/server/src/auth].
enum class Context : std::uint8_t { Users, Repositories, Tags };

class Access {
 public:
  /// All outlive it. `issuers` null: nobody is known.
  Access(const oidc::Issuers* issuers, registry_store::Catalogue& catalogue,
         std::function<codec::UnixTime()> now) noexcept
      : issuers_(issuers), catalogue_(catalogue), now_(std::move(now)) {}

  /// Whose token it is, which counts for that.
  [[nodiscard]] Result<oidc::Claims> bearer(const http::Request& request, Level level,
                                            Context context) const;
  /// The same; nothing if there is no token, or none that counts.
  [[nodiscard]] std::optional<oidc::Claims> known(const http::Request& request) const;
  /// It is that user.
  [[nodiscard]] Result<void> user(const http::Request& request, const std::string& user,
                                  Level level, Context context) const;
  /// He may bring tags there: its user, or who bears a token of the repository.
  [[nodiscard]] Result<void> writer(const http::Request& request, const Target& target) const;
  /// He may read what is there: all of a public one; of a private one its user, who bears a token
  /// of it, and keeps that its rule admits.
  [[nodiscard]] Result<void> reader(const http::Request& request,
                                    const registry_store::Repository& repository) const;

 private:
  [[nodiscard]] std::optional<registry_store::RepositoryToken> repository_token(
      const http::Request& request) const;

  const oidc::Issuers* issuers_;
  registry_store::Catalogue& catalogue_;
  std::function<codec::UnixTime()> now_;
};

/// A new token of a repository's: "mdt_" and 43 characters; and the hash by which it is kept.
struct NewToken {
  std::string text;
  crypto::Sha256Digest hash;
};
[[nodiscard]] NewToken new_repository_token();

}  // namespace merlon::drawbridge
