#pragma once

// Instantiates a module and calls the function that the launch asks for.

#include <memory>

#include "merlon/keep/deadline.h"
#include "merlon/keep/voice.h"
#include "merlon/launch/message.h"
#include "merlon/wasm/exec/engine.h"
#include "merlon/wasm/exec/imports.h"
#include "merlon/wasm/exec/store.h"

namespace merlon::keep {

/// Says to `voice` what goes wrong and gives the exit status. Without message.invoke that is the
/// export
/// `_start`, else "" [ENARX 0.7.1], whose results are ignored. With it, `_initialize` is called
/// first if there is one, the message's arguments behind the first become the function's
/// parameters, and its results are printed, one a line.
[[nodiscard]] int invoke(const launch::Message& message, wasm::Store& store,
                         std::shared_ptr<wasm::CompiledModule> module, const wasm::Imports& imports,
                         const Deadline& deadline, Voice& voice);

}  // namespace merlon::keep
