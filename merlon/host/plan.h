#pragma once

// From what a workload asks for and what the user grants to one launch: opens the sockets and
// directories on this machine. Everything a keep gets from its host passes here.

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/host/host_error.h"
#include "merlon/host/wish.h"
#include "merlon/launch/message.h"
#include "merlon/os/fd.h"
#include "merlon/workload/package.h"

namespace merlon::host {

/// A directory of this machine that the workload finds under `guest`.
struct DirectoryGrant {
  std::string host;
  std::string guest;
  bool read_only = false;
};

/// What the user says beside the package.
struct RunOptions {
  /// Instead of the configuration's, if there are any.
  std::vector<std::string> arguments;
  /// Added to the configuration's; the same name replaces.
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<DirectoryGrant> directories;
  std::string invoke;  ///< export to call; empty: the module's own start
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<std::uint64_t> max_memory_bytes;
  bool verbose = false;  ///< the keep tells how it is confined
  std::string volumes;   ///< the folder in which this user's volumes lie
  /// Whether a security processor will speak for the keep: then its Steward is asked in any case,
  /// else only if a connection speaks TLS.
  bool attested = false;
};

/// Everything ready to be sent to a keep.
struct LaunchPlan {
  launch::Message message;
  os::Fd module;                    ///< none if there is none to run
  os::Fd archive;                   ///< of the package's files; none if no mount is filled from it
  os::Fd steward;                   ///< who connects with it (launch/dial.h); none: not asked
  os::Fd registry;                  ///< who connects with the package's (launch/dial.h)
  os::Fd dialler;                   ///< who connects with what is allowed (dial_allowed.h)
  os::Fd volume;                    ///< who keeps the volume; none if there is none
  std::vector<os::Fd> descriptors;  ///< of message.files, in their order
  std::vector<std::string> notes;   ///< what the user should know, one line each
};

/// Opens what `package` and `options` name: binds listening sockets, makes connections, opens
/// directories. Directories become descriptors after all files of the configuration, from 3 on at
/// the lowest, since wasi-libc looks for them there.
///
/// Errors: Denied (a Steward that is not https, trust in one that is not named) · Exhausted (too
/// many
///         files) · Malformed (NUL characters) · NotFound · Unavailable (the network).
[[nodiscard]] core::Result<LaunchPlan, HostError> make_plan(workload::Package package,
                                                            const RunOptions& options);

/// The same for a workload that is delivered to a keep on some host: nothing is opened but the
/// module, and the host is to fulfil the wishes, in their order.
struct Description {
  LaunchPlan plan;
  std::vector<Wish> wishes;
};
/// Errors as make_plan(), but for the network's.
[[nodiscard]] core::Result<Description, HostError> describe(workload::Package package,
                                                            const RunOptions& options);

/// What a host offers a keep that waits for a delivery.
struct Offer {
  std::array<std::uint8_t, launch::nonce_size> nonce{};
  std::vector<Wish> wishes;
  std::uint64_t max_memory_bytes = 0;
  std::uint64_t timeout_nanoseconds = 0;
  bool verbose = false;
};
/// Puts what fulfils a wish into its place in a launch. Allowed ones are fulfilled all at once, by
/// `dialler`, and have no place of their own.
void place(const Wish& wish, os::Fd file, LaunchPlan& plan);
/// Errors: the network's.
[[nodiscard]] core::Result<LaunchPlan, HostError> make_offer(const Offer& offer);

/// For a keep that is only asked to prove itself: no workload, no file, no variable.
[[nodiscard]] LaunchPlan make_proof_plan(const std::array<std::uint8_t, launch::nonce_size>& nonce);

}  // namespace merlon::host
