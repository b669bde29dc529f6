#pragma once

// The certificate authorities of a Steward in a directory of its own, and how one takes the place
// of another: first both are trusted, then the new one signs, then the old one is dropped. Each
// step is one replacement of one file, so that a step that was cut off has either happened or not,
// and is simply asked for again.

#include <optional>
#include <string>

#include "merlon/steward/authority.h"

namespace merlon::steward {

/// A new authority.
struct CaShape {
  std::string organization;
  std::string name;  ///< its common name; 8 digits of its key's identifier are put behind
  std::chrono::seconds lifetime = std::chrono::hours(24) * 365;
  crypto::KeyKind kind = crypto::KeyKind::P256;
};

enum class CaPhase : std::uint8_t {
  Steady,     ///< one authority
  Announced,  ///< a second one is trusted, and the first signs
  Switched,   ///< the second one signs, and the first is still trusted
};
[[nodiscard]] std::string_view to_string(CaPhase phase) noexcept;

class CaStore {
 public:
  /// In a directory that is there and has none: Refused, a line, if it has one.
  [[nodiscard]] static core::Result<CaStore, std::string> create(std::string directory,
                                                                 const CaShape& shape,
                                                                 codec::UnixTime now);
  /// A line that names the file if something is missing or damaged.
  [[nodiscard]] static core::Result<CaStore, std::string> open(std::string directory);

  [[nodiscard]] CaPhase phase() const noexcept;
  /// When the phase began.
  [[nodiscard]] codec::UnixTime since() const noexcept { return state_.since; }

  /// Who signs now.
  [[nodiscard]] core::Result<Issuer, std::string> issuer() const;
  /// Every authority that is to be trusted, in PEM, the one that signs first.
  [[nodiscard]] core::Result<std::string, std::string> trust() const;

  /// Makes a second authority. In every later call, and where one is announced already: nothing.
  [[nodiscard]] core::Result<void, std::string> announce(const CaShape& shape, codec::UnixTime now);
  /// Lets the second one sign. Refused before `wait` has gone by since it was announced: whoever
  /// does not trust it yet would refuse its leaves.
  [[nodiscard]] core::Result<void, std::string> switch_over(codec::UnixTime now,
                                                            std::chrono::seconds wait);
  /// Forgets the first, and removes its key. Refused before `lifetime`, the longest of a leaf's,
  /// has gone by since the other one signs: its leaves are in use until then.
  [[nodiscard]] core::Result<void, std::string> drop(codec::UnixTime now,
                                                     std::chrono::seconds lifetime);

 private:
  /// What the file says: names of files, without what is behind their dot.
  struct State {
    std::string signing;
    std::string other;  ///< empty: there is none
    bool switched = false;
    codec::UnixTime since;
  };
  CaStore(std::string directory, State state)
      : directory_(std::move(directory)), state_(std::move(state)) {}
  [[nodiscard]] static core::Result<State, std::string> read(const std::string& directory);
  [[nodiscard]] core::Result<void, std::string> write(State state);

  std::string directory_;
  State state_;
};

}  // namespace merlon::steward
