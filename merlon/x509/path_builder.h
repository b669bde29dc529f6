#pragma once

// Finds a path for a certificate [RFC4158]. Pure; certificates are attacker-controlled.

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "merlon/x509/path.h"

namespace merlon::x509 {

/// How far a certificate is to be believed, as far as signatures and times say.
enum class Standing : std::uint8_t {
  None,
  Vouched,  ///< signatures lead to a pinned key
  Current,  ///< and all on the way up are valid, and may sign certificates
};

/// Looks for paths in a pool whose content and order are the attacker's. A signature is computed
/// only where there is a choice, and only under keys that a pinned one vouches for: namesakes that
/// nobody has signed cost a few signatures each, and not one for each pair of them. Revocation is
/// not looked at.
class PathBuilder {
 public:
  /// `pool` and `memo` are borrowed and must outlive the builder.
  PathBuilder(std::span<const Certificate> pool, std::vector<AnchorId> anchors, codec::UnixTime now,
              const SignatureMemo& memo);
  PathBuilder(std::span<const Certificate> pool, std::vector<AnchorId> anchors, codec::UnixTime now,
              const SignatureMemo&& memo) = delete;

  /// From `leaf` up to a self-issued certificate; at most five. Of several that have the name of an
  /// issuer, the one of the highest standing is taken that has signed (the first of equals), so
  /// that nothing that somebody adds to the pool displaces a good one; if there is none, whichever,
  /// to say what is wrong with it. Ends where no issuer is found.
  [[nodiscard]] Path build(const Certificate& leaf);

  [[nodiscard]] Standing standing_of(const Certificate& leaf);

 private:
  static constexpr std::size_t max_size = 5;

  Standing standing(const Certificate& certificate, std::size_t above);
  Standing issuer_standing(std::size_t index, std::size_t above);
  const Certificate* issuer_of(const Certificate& certificate, std::size_t above);

  std::span<const Certificate> pool_;
  std::vector<AnchorId> anchors_;
  codec::UnixTime now_;
  const SignatureMemo& memo_;
  /// Of each certificate of the pool as an issuer with so many above it; empty if not known yet.
  std::vector<std::array<std::optional<Standing>, max_size>> known_;
};

}  // namespace merlon::x509
