#pragma once

// The credential of a keep (docs/zero-knowledge.md): obtained from its Steward when the workload
// first shows it, and shown by /keep/credential.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "merlon/credential/holder.h"
#include "merlon/keep/renewal.h"
#include "merlon/wasi/served.h"

namespace merlon::keep {

inline constexpr std::string_view credential_name = "credential";

class OwnCredential {
 public:
  /// `self` and `steward` outlive it. The Steward is asked by the policy that `shown` names.
  OwnCredential(Self& self, const launch::Steward& steward, std::shared_ptr<StewardLine> line,
                std::shared_ptr<const Shown> shown, Now now);

  // Errors of both: Unsupported (nothing attests this keep) · NotFound (the Steward gives none, or
  // has not said by which policy it judged) · Unavailable (it is being talked to, or its answer did
  // not arrive: asking again may help) · as credential::Holder.

  /// A token; the first one in an epoch takes two talks with the Steward.
  [[nodiscard]] core::Result<std::string> present(std::string_view audience,
                                                  core::ByteView bound_to);
  /// The Steward's log of keys, as it was when the credential was obtained.
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> keys();

 private:
  [[nodiscard]] core::Result<void> obtain();
  [[nodiscard]] core::Result<std::vector<std::uint8_t>> ask(StewardTalk::Question question);

  Self& self_;
  const launch::Steward& steward_;
  std::shared_ptr<StewardLine> line_;
  std::shared_ptr<const Shown> shown_;
  Now now_;
  credential::Bytes log_;
  std::optional<credential::Asking> asking_;  ///< that has no answer yet
  std::optional<credential::Holder> holder_;
};

/// What is written is the audience, and may have a line with hexadecimal digits behind it: what to
/// bind the token to; then the token is read. `bound_to` is in their place where it is not empty.
/// Noent: `credential` is null.
[[nodiscard]] wasi::Result<std::unique_ptr<wasi::ServedFile>> credential_file(
    std::shared_ptr<OwnCredential> credential, std::vector<std::uint8_t> bound_to);

}  // namespace merlon::keep
