#pragma once

// What a Steward has seen under the vendors' roots, on disk: without it a clock that is set back,
// or a mirror that hands out last month's documents, could not be told from the truth after a
// start. One file; several Stewards of one machine may share it.

#include <memory>
#include <string>

#include "merlon/verify/moment.h"

namespace merlon::steward {

/// Any number of threads.
class MemoryStore {
 public:
  /// Nothing has been seen where there is no file yet. A file that cannot be read, or is no such
  /// record, is an error, a line that names it: going on without it would forget on behalf of
  /// whoever damaged it. `path` is in a directory of the Steward's own.
  [[nodiscard]] static core::Result<MemoryStore, std::string> open(std::string path);

  /// All that is known to this process.
  [[nodiscard]] verify::Memory memory() const;

  /// Takes what is newer in `seen`, on disk when this returns. Nothing is written where nothing is
  /// newer. What others have written since is taken as well. On an error nothing is forgotten in
  /// this process; whoever asked should not get its answer before a later call succeeds.
  [[nodiscard]] core::Result<void, std::string> learn(const verify::Memory& seen);

  /// Takes what others have written since; an error as of open().
  [[nodiscard]] core::Result<void, std::string> refresh();

 private:
  struct State;
  explicit MemoryStore(std::shared_ptr<State> state) noexcept : state_(std::move(state)) {}

  std::shared_ptr<State> state_;
};

}  // namespace merlon::steward
