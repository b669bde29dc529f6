#include "merlon/host/machine_process.h"

#include <utility>

#include "merlon/base/text.h"
#include "merlon/host/programs.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/sallyport/call.h"

namespace merlon::host {

using base::concat;

int end_failed(std::string_view text, launch::ExitStatus status) {
  static_cast<void>(
      os::write_all(os::BorrowedFd(2), core::as_bytes(concat("merlon: ", text, "\n"))));
  return launch::number(status);
}

int end_not_taken(const core::Error& error) {
  const bool changed = error.code == core::ErrorCode::Unavailable && error.detail == 0;
  return changed ? launch::number(launch::ExitStatus::KeepFailed)
                 : end_failed(error.message(), launch::ExitStatus::KeepFailed);
}

os::Result<Neighbour> open_neighbour(std::string_view name) {
  const std::string own = TRY(os::own_program());
  os::Fd file = TRY(os::open_file(concat(own.substr(0, own.rfind('/')), "/", name)));
  os::FileMapping mapping = TRY(os::FileMapping::create(file, max_program_size));
  return Neighbour{std::move(file), std::move(mapping)};
}

bool give_descriptors(DescriptorTable& table, bool tells_end) {
  for (int number = 0; number < launch::keep_descriptor; ++number) {
    auto copy = os::duplicate(os::BorrowedFd(number));
    if (!copy || !table.insert(*std::move(copy))) return false;
  }
  if (!tells_end) return table.insert(os::Fd::adopt(launch::keep_descriptor)).has_value();
  auto channel = os::duplicate(os::BorrowedFd(launch::keep_descriptor));
  return channel && table.insert(*std::move(channel));
}

bool tell_readiness(bool ready, std::string_view text) {
  return launch::send(os::BorrowedFd(launch::keep_descriptor),
                      launch::Readiness{ready, std::string(text)})
      .has_value();
}

std::string described_calls(std::span<const std::uint64_t> counts) {
  std::string text = "merlon: calls of the keep to its host:";
  for (std::size_t i = 0; i < counts.size() && i < sallyport::call_table.size(); ++i) {
    if (counts[i] != 0) text += concat(" ", sallyport::call_table[i].name, " ", counts[i]);
  }
  return text;
}

}  // namespace merlon::host
