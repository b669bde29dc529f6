#pragma once

// Instantiates a module, if that has not been done, and calls the function that the launch asks
// for.

#include "merlon/keep/deadline.h"
#include "merlon/keep/stage.h"
#include "merlon/keep/voice.h"
#include "merlon/launch/message.h"

namespace merlon::keep {

/// Says to `voice` what goes wrong and gives the exit status. Without message.invoke that is the
/// export
/// `_start`, else "" [ENARX 0.7.1], whose results are ignored. With it, `_initialize` is called
/// first if there is one, the message's arguments behind the first become the function's
/// parameters, and its results are printed, one a line.
[[nodiscard]] int invoke(const launch::Message& message, Stage& stage, const Deadline& deadline,
                         Voice& voice);

}  // namespace merlon::keep
