#pragma once

// What a keep runs, whoever brought it: its host with the launch message, or a tenant by a sealed
// delivery that the host could not look into.

#include <memory>
#include <string>
#include <vector>

#include "merlon/keep/private_talk.h"
#include "merlon/keep/self.h"
#include "merlon/keep/source.h"
#include "merlon/keep/voice.h"
#include "merlon/launch/channel.h"

namespace merlon::keep {

struct Work {
  /// What the workload runs as. The limits are the strictest of host and tenant.
  launch::Launch launch;
  std::vector<std::uint8_t> module;   ///< as it was delivered; a host's is still launch.module
  std::vector<std::uint8_t> archive;  ///< likewise, and launch.archive
  Source source;
  std::shared_ptr<Voice> voice;
  std::shared_ptr<PrivateTalk> talk;  ///< with the tenant; null: the workload is the host's
  os::Fd taken_from;  ///< the channel of a keep that was made ahead: its end is told there
};

/// The workload that came with the launch; nothing of its module has been read. The error is a line
/// for the user.
[[nodiscard]] core::Result<Work, std::string> work_of_host(const Self& self, launch::Launch launch);

/// Waits for a delivery on `channel`, opens it and takes what the host offers for it. `evidence` is
/// what the keep has answered the challenge with. The error is a line for the host, which tells it
/// no more than that it has not brought what the tenant sent.
[[nodiscard]] core::Result<Work, std::string> work_of_tenant(Self& self, launch::Launch offer,
                                                             core::ByteView evidence,
                                                             os::Fd channel);

}  // namespace merlon::keep
