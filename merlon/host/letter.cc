#include "merlon/host/letter.h"

#include <utility>

namespace merlon::host {

core::Result<Letter> make_letter(launch::Launch launch) {
  Letter letter;
  letter.bytes = TRY(launch::encode(launch.message));
  if (launch.module.is_open()) {
    letter.files.push_back({std::move(launch.module), Grant::ReadOnly});
  }
  if (launch.archive.is_open()) {
    letter.files.push_back({std::move(launch.archive), Grant::ReadOnly});
  }
  if (launch.steward.is_open()) {
    letter.files.push_back({std::move(launch.steward), Grant::ReadWrite});
  }
  if (launch.registry.is_open()) {
    letter.files.push_back({std::move(launch.registry), Grant::ReadWrite});
  }
  if (launch.dialler.is_open()) {
    letter.files.push_back({std::move(launch.dialler), Grant::ReadWrite});
  }
  if (launch.volume.is_open()) {
    letter.files.push_back({std::move(launch.volume), Grant::ReadWrite});
  }
  auto descriptor = launch.descriptors.begin();
  for (const launch::FileEntry& file : launch.message.files) {
    if (!launch::carries_descriptor(file.kind)) continue;
    const bool reads =
        file.kind == launch::FileKind::Directory && file.access == launch::FileAccess::ReadOnly;
    letter.files.push_back({std::move(*descriptor++), reads ? Grant::ReadOnly : Grant::ReadWrite});
  }
  return letter;
}

}  // namespace merlon::host
