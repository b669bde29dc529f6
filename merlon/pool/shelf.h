#pragma once

// Keeps of one kind that wait to be taken, and how more of them are made.

#include <string>
#include <vector>

#include "merlon/crypto/hash.h"
#include "merlon/pool/made_keep.h"
#include "merlon/pool/rest.h"

namespace merlon::pool {

/// What a keep must be so that a launch can have it.
struct Kind {
  host::Backend backend = host::Backend::Kvm;
  /// SHA-256 of the module that it has been prepared with; none: it is blank, and takes any launch.
  std::optional<crypto::Sha256Digest> module;
  bool network = false;      ///< of a prepared one: launches may have sockets
  bool directories = false;  ///< likewise
};

/// Whether machines begin as copies of one that has been prepared. That is quicker where preparing
/// takes long; and each is a little slower when it is taken, since its pages are not its own yet.
enum class Snapshots { Never, WhereSlow, Always };

struct ShelfSettings {
  std::size_t ready = 2;  ///< how many shall wait
  host::MachineOptions machine;
  Snapshots snapshots = Snapshots::WhereSlow;
  std::uint64_t oldest = 0;  ///< nanoseconds after which a keep that nobody took makes room
};

class Shelf {
 public:
  /// `module` is a file that nobody changes; none for blank ones. `name` is for people.
  Shelf(Kind kind, std::string name, os::Fd module, ShelfSettings settings);

  [[nodiscard]] const Kind& kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] std::size_t ready() const noexcept;
  /// Whether its keeps begin as copies of a snapshot.
  [[nodiscard]] bool has_snapshot() const noexcept { return snapshot_.is_open(); }

  /// One that is ready, the oldest.
  [[nodiscard]] std::optional<MadeKeep> take();
  /// When it was last asked for; nanoseconds of Clock::Monotonic.
  std::uint64_t used_at = 0;

  /// Whether it is to make one more now.
  [[nodiscard]] bool wants(std::uint64_t now) const noexcept;
  /// Whether it makes none for a while, after it could not; and nanoseconds until it does again.
  [[nodiscard]] bool rests(std::uint64_t now) const noexcept { return rest_.holds(now); }
  [[nodiscard]] std::uint64_t rest_left(std::uint64_t now) const noexcept {
    return rest_.left(now);
  }
  /// Begins to make one more. The error is told to whoever runs the pool; then it rests for a
  /// while.
  [[nodiscard]] core::Result<void, std::string> make(std::uint64_t now);
  /// Ends those that have waited too long. What the host's clock and the keep's say drifts apart.
  void put_away_old(std::uint64_t now);

  /// What to poll for, one after the other.
  [[nodiscard]] std::vector<int> files() const;
  /// `file` is readable; the error is a line for whoever runs the pool.
  [[nodiscard]] core::Result<void, std::string> hear(int file, std::uint64_t now);

 private:
  [[nodiscard]] bool makes_snapshots() const noexcept;
  [[nodiscard]] bool makes_copies() const noexcept { return has_snapshot() && makes_snapshots(); }
  [[nodiscard]] core::Result<void, std::string> make_prepared(std::uint64_t now);
  [[nodiscard]] core::Result<void, std::string> make_copy(std::uint64_t now);
  [[nodiscard]] core::Result<void, std::string> make_next_copy(std::uint64_t now);
  [[nodiscard]] core::Result<void, std::string> make_snapshot(std::uint64_t now);
  [[nodiscard]] core::Result<void, std::string> finish_snapshot(std::uint64_t now);
  [[nodiscard]] core::Result<void, std::string> hear_template(int file, std::uint64_t now);
  [[nodiscard]] std::optional<launch::Preparation> preparation() const;

  Kind kind_;
  std::string name_;
  os::Fd module_;
  ShelfSettings settings_;
  std::vector<MadeKeep> keeps_;       ///< oldest first
  std::optional<MadeKeep> template_;  ///< writes itself into new_snapshot_, and ends
  os::Fd new_snapshot_;
  os::Fd snapshot_;
  std::uint64_t snapshot_made_ = 0;
  /// The process of the next copy, so that none waits for a program's start. It has an empty
  /// machine, and begins as the snapshot when a copy is wanted.
  std::optional<MadeKeep> next_copy_;
  bool no_snapshots_ = false;  ///< this machine can have none
  bool is_slow_ = false;       ///< to prepare
  Rest rest_;
};

}  // namespace merlon::pool
