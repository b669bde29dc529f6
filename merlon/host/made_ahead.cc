#include "merlon/host/made_ahead.h"

#include <utility>

#include "merlon/os/detach.h"

namespace merlon::host {

using core::Result;

namespace {

constexpr os::BorrowedFd channel{launch::keep_descriptor};

Result<void> take_streams() {
  const launch::Streams streams = TRY(launch::receive_streams(channel));
  for (int number = 0; number < launch::keep_descriptor; ++number) {
    const auto put = os::put_in_place_of(number, streams[static_cast<std::size_t>(number)]);
    if (!put) return os::to_error(put.error(), "cannot take the standard streams");
  }
  return {};
}

}  // namespace

Result<Arrival> receive_taken() {
  TRY(take_streams());
  return Arrival{TRY(launch::receive(channel)), true};
}

Result<std::variant<Arrival, launch::Preparation>> receive_work() {
  using Work = std::variant<Arrival, launch::Preparation>;
  auto first = TRY(launch::receive_first(channel));
  if (auto* const launch = std::get_if<launch::Launch>(&first)) {
    return Work(Arrival{std::move(*launch), false});
  }
  auto& preparation = std::get<launch::Preparation>(first);
  if (preparation.module.is_open()) return Work(std::move(preparation));
  return Work(TRY(receive_taken()));
}

Letter make_letter(launch::Preparation preparation) {
  preparation.confinement = launch::Confinement::Machine;
  Letter letter;
  letter.bytes = launch::encode(preparation);
  letter.files.push_back({std::move(preparation.module), Grant::ReadOnly});
  return letter;
}

bool renew_streams(DescriptorTable& table) {
  for (int number = 0; number < launch::keep_descriptor; ++number) {
    const auto place = static_cast<std::uint64_t>(number);
    if (!table.find(place)) continue;
    auto copy = os::duplicate(os::BorrowedFd(number));
    if (!copy) return false;
    table.replace(place, *std::move(copy));
  }
  return true;
}

void tell_end(DescriptorTable& table, int status) {
  table.clear();
  for (int number = 0; number < launch::keep_descriptor; ++number) {
    os::Fd::adopt(number).close();
  }
  launch::send_end(channel, status);
}

}  // namespace merlon::host
