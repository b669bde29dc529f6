#pragma once

// The process around a keep's machine, when the keep may have been made ahead: what it hears first,
// how it takes the streams of whoever takes the keep, and how it tells the end.

#include <variant>

#include "merlon/host/calls.h"
#include "merlon/launch/preparation.h"

namespace merlon::host {

/// A launch, and whether who brings it has taken a keep that was made ahead: then he is to be told
/// its end.
struct Arrival {
  launch::Launch launch;
  bool made_ahead = false;
};

/// What this process is to do. Of a keep that is made ahead without a module this waits until it is
/// taken, and puts its streams in the place of our own; with one, it is to be prepared first.
///
/// Errors: those of launch::receive_first(), receive_streams() and receive().
[[nodiscard]] core::Result<std::variant<Arrival, launch::Preparation>> receive_work();

/// The same of a keep that has been prepared.
[[nodiscard]] core::Result<Arrival> receive_taken();

/// What the keep in the machine is told of it, with the module.
[[nodiscard]] Letter make_letter(launch::Preparation preparation);

/// The keep's first descriptors are our streams, as they are now.
[[nodiscard]] bool renew_streams(DescriptorTable& table);

/// Lets go of all that others may wait for, and says how the workload ended.
void tell_end(DescriptorTable& table, int status);

}  // namespace merlon::host
