#pragma once

// The certificate authorities of a Steward in a directory of its own, and how one takes the place
// of another: first both are trusted, then the new one signs, then the old one is dropped. While
// both count, the old one vouches for the new one [RFC4210 §4.4, NewWithOld], so that whoever has
// not heard of the new one accepts its leaves. Each step is one replacement of one file, so that a
// step that was cut off has either happened or not, and is simply asked for again.

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
  /// In a directory that is there: a line if it has one already. No leaf will live for longer than
  /// `leaf_lifetime`, from 5 seconds to 90 days; whoever issues sees to it.
  [[nodiscard]] static core::Result<CaStore, std::string> create(std::string directory,
                                                                 const CaShape& shape,
                                                                 std::chrono::seconds leaf_lifetime,
                                                                 codec::UnixTime now);
  /// A line that names the file if something is missing or damaged.
  [[nodiscard]] static core::Result<CaStore, std::string> open(std::string directory);

  [[nodiscard]] CaPhase phase() const noexcept;
  /// When the phase began.
  [[nodiscard]] codec::UnixTime since() const noexcept { return state_.since; }
  /// When the next step may be made; in a steady phase it has no meaning.
  [[nodiscard]] codec::UnixTime next() const noexcept { return state_.next; }
  [[nodiscard]] std::chrono::seconds leaf_lifetime() const noexcept { return state_.leaf_lifetime; }

  /// Takes what others have changed since, and removes what steps that were cut off have left.
  [[nodiscard]] core::Result<void, std::string> tidy();

  /// Who signs at `now`. While both are trusted and the old one signs no longer, but has not ended
  /// either, the chain leads over it.
  [[nodiscard]] core::Result<Issuer, std::string> issuer(codec::UnixTime now) const;
  /// Every authority that is to be trusted, in PEM, the one that signs first.
  [[nodiscard]] core::Result<std::string, std::string> trust() const;

  /// Makes a second authority, which may sign when `wait` is over: for those who trust this one's
  /// certificates and see no chain. Where one is announced already, or signs: nothing.
  [[nodiscard]] core::Result<void, std::string> announce(const CaShape& shape,
                                                         std::chrono::seconds wait,
                                                         codec::UnixTime now);
  /// Lets the second one sign; where it does already: nothing. Refused before next().
  [[nodiscard]] core::Result<void, std::string> switch_over(codec::UnixTime now);
  /// Forgets the first, and removes its key; where there is but one: nothing. Refused before
  /// next(): the lifetime of a leaf after the switch, and a little for services that heard of it
  /// late, since the old one's leaves are in use until then.
  [[nodiscard]] core::Result<void, std::string> drop(codec::UnixTime now);

 private:
  /// What the file says: names of files, without what is behind their dot.
  struct State {
    std::string signing;
    std::string other;  ///< empty: there is none
    bool switched = false;
    codec::UnixTime since;
    codec::UnixTime next;
    std::chrono::seconds leaf_lifetime{};
  };
  CaStore(std::string directory, State state)
      : directory_(std::move(directory)), state_(std::move(state)) {}
  [[nodiscard]] static core::Result<State, std::string> read(const std::string& directory);
  [[nodiscard]] core::Result<void, std::string> write(State state);
  /// Removes what nothing names.
  void sweep() const;

  std::string directory_;
  State state_;
};

}  // namespace merlon::steward
