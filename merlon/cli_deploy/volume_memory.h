#pragma once

// What a tenant remembers of a sealed volume, so that a host which shows an old copy of it is
// noticed, or another volume in its place: which it was, and how far it had come when a keep last
// told of it. One file for each volume, below the state directory.

#include <optional>
#include <string>

#include "merlon/cli_evidence/files.h"
#include "merlon/crypto/hash.h"
#include "merlon/delivery/volume_mark.h"
#include "merlon/launch/mount.h"

namespace merlon::cli_deploy {

class VolumeMemory {
 public:
  /// Of the tenant's volume at a gatehouse, however its address is written, or on this machine if
  /// `url` is empty.
  [[nodiscard]] static cli_evidence::Result<VolumeMemory> open(const cli::Terminal& terminal,
                                                               const std::string& url,
                                                               const crypto::Sha256Digest& tenant,
                                                               const std::string& volume);

  /// Asks the keep for this volume, in this state or a later one, and for the epoch that was used
  /// last, unless a higher one is asked for already. A file of the first format names no volume:
  /// whichever is shown is taken once more, and remembered.
  [[nodiscard]] cli_evidence::Result<void> demand(launch::Volume& volume) const;
  /// A state that a keep has told of. An earlier one of the same volume changes nothing: a host may
  /// hold a keep's word back until another keep has gone on. One that cannot be noted is told by
  /// trouble().
  void note(const delivery::VolumeMark& mark, std::uint64_t epoch);
  /// Whatever state the next keep tells of first takes the place of what is remembered.
  void forget_on_note() noexcept { forgets_ = true; }
  [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

 private:
  explicit VolumeMemory(std::string path) noexcept : path_(std::move(path)) {}

  struct State;
  [[nodiscard]] cli_evidence::Result<State> read() const;
  [[nodiscard]] bool is_behind(const delivery::VolumeMark& mark, std::uint64_t epoch) const;

  std::string path_;
  std::string trouble_;
  bool forgets_ = false;
};

/// What the command line says of the package's volume. Without a --key nobody could open it again.
[[nodiscard]] cli_evidence::Result<void> apply_volume_options(const cli::Arguments& arguments,
                                                              launch::Volume& volume);

}  // namespace merlon::cli_deploy
