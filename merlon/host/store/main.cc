// merlon-store FOLDER BYTES OBJECTS: keeps a volume of a keep's in FOLDER, up to so much of it, for
// whoever asks on descriptor 3 (launch/store.h), and ends with him. A process of its own: the keep
// opens no files, and merlon waits for the keep's end. It confines itself to the folder first.

#include <charconv>
#include <optional>
#include <string_view>

#include "merlon/host/store/confinement.h"
#include "merlon/host/volume_folder.h"
#include "merlon/launch/store.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"

namespace {

using namespace merlon;
using launch::StoreOutcome;

constexpr os::BorrowedFd channel{3};

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Until nobody asks any more.
void serve(host::VolumeFolder& volume) {
  while (const auto request = launch::receive_request(channel)) {
    const auto answer = volume.serve(*request);
    if (!launch::send_answer(channel, answer.outcome, answer.bytes)) return;
  }
}

/// The keep is told, whatever it asks.
void refuse_all(StoreOutcome outcome) {
  while (launch::receive_request(channel)) {
    if (!launch::send_answer(channel, outcome, {})) return;
  }
}

}  // namespace

int main(int argc, char** argv) {
  constexpr int usage = 2;
  if (argc != 4) return usage;
  const auto bytes = number_of(argv[2]);
  const auto objects = number_of(argv[3]);
  if (!bytes || !objects) return usage;
  os::end_with_parent();
  os::ignore_broken_pipes();
  auto volume = host::VolumeFolder::open(argv[1], {*bytes, *objects});
  const auto confined =
      host::store::confine(channel, volume ? std::optional(volume->descriptor()) : std::nullopt);
  if (!confined) {
    refuse_all(StoreOutcome::Failed);
    return 1;
  }
  if (!volume) {
    const bool in_use = volume.error().code == core::ErrorCode::Denied;
    refuse_all(in_use ? StoreOutcome::InUse : StoreOutcome::Failed);
    return 1;
  }
  serve(*volume);
  return 0;
}
