#pragma once

// A simulated machine in a directory that only its owner may enter:
//
//   ark.pem ask.pem vcek.pem crl.pem   what `merlon evidence verify --endorsements` reads
//   keys/vcek.pem                      signs reports
//   keys/ark.pem                       signs revocation lists, and the ASK of an update
//   keys/chip.bin                      32 bytes, from which keys for guests are derived
//
// Whoever reads the keys is the simulator. Files are trusted as far as their owner is, and checked
// against each other all the same.

#include <memory>
#include <string>

#include "merlon/simulate/chain.h"

namespace merlon::simulate {

/// What a security processor has.
struct Platform {
  Endorsed endorsed;
  crypto::PrivateKey vcek_key;
  std::vector<std::uint8_t> table;  ///< of certificates, for an extended report
  /// Empty for a machine of before there was one: it gives guests no keys.
  crypto::SecretBytes chip_secret;
};

/// Makes a machine and puts it there, all of it or nothing; the directory that it lies in must be
/// there.
///
/// Errors: Denied (there is something by that name already; detail 0) · those of the system, with
/// the number as detail · Internal.
[[nodiscard]] core::Result<Chain> create_platform(const std::string& directory,
                                                  codec::UnixTime now);

/// Errors: NotFound and others of the system, with the number as detail · those of the parsers, and
/// Denied if a part is not of the same machine; detail 0.
[[nodiscard]] core::Result<Chain> load_chain(const std::string& directory);
/// Of the chain only that the VCEK is a simulator's, and the key is its own: what is above it, and
/// the list, are for verifiers, who look at nothing else, and checking them would be the largest
/// part of a keep's start.
[[nodiscard]] core::Result<Platform> load_platform(const std::string& directory);

/// A platform whose files have been read, and are looked at when it is first asked for: most keeps
/// never ask, and a key costs more time than a launch has.
class LatePlatform {
 public:
  /// Errors: NotFound and others of the system, with the number as detail.
  [[nodiscard]] static core::Result<LatePlatform> read(const std::string& directory);
  /// One that is there already; borrowed.
  LatePlatform(const Platform& platform) noexcept : known_(&platform) {}

  /// Lives as long as this object, moved or not. Errors: those of load_platform() that are not of
  /// the system; the same each time.
  [[nodiscard]] core::Result<const Platform*> get();

 private:
  struct Files;
  explicit LatePlatform(std::shared_ptr<Files> files) noexcept : files_(std::move(files)) {}

  const Platform* known_ = nullptr;
  std::shared_ptr<Files> files_;  // until they have been looked at
  std::unique_ptr<core::Result<Platform>> made_;
};

/// Puts a new revocation list into the place of the old one, which says that the ASK is revoked.
/// Errors as above.
[[nodiscard]] core::Result<Chain> revoke_platform(const std::string& directory,
                                                  codec::UnixTime now);

/// Puts the same machine with other versions of its firmware into its place, all of it or nothing;
/// keeps that run go on with the old ones. Errors as above, Denied also for a machine that is
/// revoked.
[[nodiscard]] core::Result<Chain> update_platform(const std::string& directory,
                                                  const snp::TcbComponents& tcb,
                                                  codec::UnixTime now);

}  // namespace merlon::simulate
