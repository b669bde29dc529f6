#include "merlon/launch/reach.h"

#include <algorithm>

#include "merlon/os/file.h"

namespace merlon::launch {

namespace {

bool is_socket(int number) noexcept {
  const auto status = os::status(os::BorrowedFd(number));
  return status && status->type == os::FileType::Socket;
}

}  // namespace

bool Reach::writable_directories() const noexcept {
  return std::ranges::any_of(trees, &os::AllowedTree::writable);
}

Reach reach_of(const Launch& launch) {
  // A workload that is delivered speaks with its tenant by the channel, which is a socket.
  const bool talks = launch.message.purpose == Purpose::Receive;
  Reach reach{{},
              is_socket(0) || is_socket(1) || is_socket(2) || launch.message.dials() || talks,
              launch.message.dials()};
  auto descriptor = launch.descriptors.begin();
  for (const FileEntry& file : launch.message.files) {
    if (file.kind == FileKind::Listen || file.kind == FileKind::Connect) reach.sockets = true;
    if (!carries_descriptor(file.kind)) continue;
    const os::Fd& here = *descriptor++;
    if (file.kind != FileKind::Directory) continue;
    reach.trees.push_back({here, file.access == FileAccess::ReadWrite});
  }
  return reach;
}

}  // namespace merlon::launch
