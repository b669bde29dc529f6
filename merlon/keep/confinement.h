#pragma once

// How a keep that is a process of the host's machine takes rights from itself: what has run before
// is ours, what runs after may be anybody's. Each layer that this kernel lacks is left out, and
// told.

#include <optional>
#include <string>

#include "merlon/core/result.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/layers.h"
#include "merlon/launch/preparation.h"

namespace merlon::keep {

/// One per process, in this order: begin() before any foreign byte is looked at, complete() when
/// all files are here and nothing of the workload has been looked at but its launch message.
class Confinement {
 public:
  /// False in a build with a sanitizer, whose runtime makes calls of its own: then nothing is
  /// given up, and describe() says so.
  [[nodiscard]] static bool is_built_in() noexcept;

  /// Gives up privileges, resources and every descriptor but `channel` and those below it; ties
  /// this process to the one that made `channel`.
  ///
  /// Errors: a layer that is there cannot be put on.
  [[nodiscard]] core::Result<void> begin(os::BorrowedFd channel);

  /// Of a keep that is made ahead, before it sees its module: gives up all that no launch within
  /// `preparation` could stand for. complete() gives up the rest.
  ///
  /// Errors: a layer that is there cannot be put on.
  [[nodiscard]] core::Result<void> prepare(const launch::Preparation& preparation);

  /// Gives up every file, standard stream and call that `launch` does not stand for. From here on,
  /// a call that is not allowed ends the process with status 134 and a line that names it. Under a
  /// shim (launch::Confinement::Machine) there is nothing to do.
  ///
  /// Errors: a layer that is there cannot be put on · Denied (a keep that was made ahead, and was
  /// not prepared for what `launch` reaches).
  [[nodiscard]] core::Result<void> complete(const launch::Launch& launch);

  /// One line for the user: which layers hold, and which this kernel does not have.
  [[nodiscard]] std::string describe() const;

 private:
  struct Prepared {
    bool network;
    bool directories;
  };

  [[nodiscard]] core::Result<void> complete_prepared(const launch::Launch& launch);

  launch::Layers layers_;
  bool machine_ = false;
  std::optional<Prepared> prepared_;
};

}  // namespace merlon::keep
