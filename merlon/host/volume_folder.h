#pragma once

// A volume on this machine: a folder with a file for each of its objects, named by 32 hexadecimal
// digits, and "index". What is in them only keeps can read.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/host/host_error.h"
#include "merlon/launch/store.h"
#include "merlon/os/fd.h"

namespace merlon::host {

struct VolumeLimits {
  std::uint64_t bytes = std::uint64_t{4} << 30U;
  std::uint64_t objects = launch::max_objects;
  /// How long a keep that has just ended may still have the folder.
  std::chrono::milliseconds patience{5000};
};

class VolumeFolder {
 public:
  /// Takes the folder for this process, for which it waits, and removes what a
  /// killed one has left half-written. Errors: Denied (another keep has it) · NotFound ·
  /// Unavailable, each a line.
  [[nodiscard]] static core::Result<VolumeFolder, HostError> open(std::string path,
                                                                  VolumeLimits limits);

  struct Answer {
    launch::StoreOutcome outcome = launch::StoreOutcome::Failed;
    std::vector<std::uint8_t> bytes{};
  };
  /// Does what is asked.
  [[nodiscard]] Answer serve(const launch::StoreRequest& request);
  /// The folder, for who confines himself to it.
  [[nodiscard]] os::BorrowedFd descriptor() const noexcept { return folder_; }

  /// Takes away all of it, and the folder. Unavailable: some of it is still there.
  [[nodiscard]] core::Result<void, HostError> remove_all() &&;

 private:
  VolumeFolder(std::string path, os::Fd folder, VolumeLimits limits)
      : path_(std::move(path)), folder_(std::move(folder)), limits_(limits) {}

  [[nodiscard]] Answer list(std::uint64_t most) const;
  [[nodiscard]] Answer get(const launch::StoreRequest& request) const;
  [[nodiscard]] Answer put(const launch::StoreRequest& request);
  [[nodiscard]] Answer remove(const launch::StoreRequest& request);
  [[nodiscard]] core::Result<void, HostError> count();

  std::string path_;
  os::Fd folder_;  ///< locked
  VolumeLimits limits_;
  std::uint64_t bytes_ = 0;    ///< of all files
  std::uint64_t objects_ = 0;  ///< without the index
};

/// A volume as its owner sees it from outside.
struct KeptVolume {
  std::string name;
  std::uint64_t bytes = 0;    ///< of all its files
  std::uint64_t objects = 0;  ///< without the index
  std::uint64_t changed = 0;  ///< seconds since 1970, when it was last written; 0: it never was
  bool in_use = false;        ///< a keep has it
};

/// All volumes whose folders lie in `folder`, by their names; none if there is no such folder.
[[nodiscard]] std::vector<KeptVolume> list_volumes(const std::string& folder);

/// Errors: NotFound (no such volume, or no name of one) · Denied (a keep has it) · Unavailable.
[[nodiscard]] core::Result<void, HostError> remove_volume(const std::string& folder,
                                                          std::string_view name);

}  // namespace merlon::host
