#pragma once

// From files to a Generation. Files are their owner's, not a peer's: what is wrong with them is
// said in a line for him.

#include <memory>
#include <string>
#include <vector>

#include "merlon/crypto/secret_bytes.h"
#include "merlon/steward_service/generation.h"
#include "merlon/steward_service/options.h"

namespace merlon::steward_service {

/// Files by which one would notice a change: which, how large, changed when.
struct Fingerprint {
  std::vector<std::string> files;
  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
};

/// Reads the files that the options name, again and again.
class Loader {
 public:
  /// Makes the CA where the options name a host instead of files. One line if it cannot.
  [[nodiscard]] static Outcome<Loader> create(Options options, codec::UnixTime now);

  /// Everything anew.
  [[nodiscard]] Outcome<GenerationPointer> load(codec::UnixTime now) const;

  /// Where endorsements are put that the service gets by itself; empty: nowhere.
  [[nodiscard]] std::string fetched_directory() const;

  /// Of what load() reads. What is not there is part of it too.
  [[nodiscard]] Fingerprint fingerprint() const;

 private:
  explicit Loader(Options options) noexcept : options_(std::move(options)) {}
  struct Signing {
    steward::Issuer issuer;
    std::chrono::seconds lifetime;  ///< of what it issues
    std::string trust;              ///< PEM
  };
  [[nodiscard]] Outcome<Signing> signing(codec::UnixTime now) const;
  [[nodiscard]] Outcome<Signing> from_store(codec::UnixTime now) const;

  /// Those that are named, and the own directory.
  [[nodiscard]] std::vector<std::string> endorsement_paths() const;

  Options options_;
  std::string made_certificate_;  ///< PEM, of a CA that was made
  crypto::SecretBytes made_key_;  ///< PEM
};

}  // namespace merlon::steward_service
