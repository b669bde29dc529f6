#pragma once

// A module from its bytes to machine code: what can be done before anybody launches it. A keep that
// is made ahead (launch/preparation.h) has done it by then.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "merlon/keep/self.h"
#include "merlon/keep/stage.h"
#include "merlon/launch/exit_status.h"
#include "merlon/launch/preparation.h"
#include "merlon/wasm/exec/engine.h"

namespace merlon::keep {

/// A module that can be instantiated, and the engine that it belongs to.
struct Prepared {
  std::unique_ptr<wasm::Engine> engine;
  std::shared_ptr<wasm::CompiledModule> module;
  std::unique_ptr<Stage> stage{};  ///< with the instance, if that is there
};

/// Why there is none: the rest of a line that begins with the program's name.
struct NotPrepared {
  std::string text;
  launch::ExitStatus status = launch::ExitStatus::Unusable;
};

/// Everything up to the end of `module`, which may change meanwhile.
[[nodiscard]] core::Result<std::vector<std::uint8_t>, NotPrepared> read_module(
    os::BorrowedFd module);

/// Attacker-controlled.
[[nodiscard]] core::Result<Prepared, NotPrepared> compile(std::vector<std::uint8_t> module,
                                                          wasm::CompileMode mode);

/// What a keep that is made ahead does before it says that it is ready. All functions are compiled:
/// nobody waits for it.
///
/// An attested keep takes no module beforehand. What it would have done by then, many might have in
/// common, and its tenant could not know.
[[nodiscard]] core::Result<Prepared, NotPrepared> prepare(const Self& self, os::Fd module);

}  // namespace merlon::keep
