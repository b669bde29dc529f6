#include "merlon/host/snp/chip_facts.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace merlon::host::snp {

namespace {

template <typename T>
os::Result<int> ask(const File& file, std::uint32_t id, T& structure) {
  kernel::PlatformCommand command;
  command.id = id;
  // SAFETY: the kernel takes the address as a number; the structure lives until it has answered.
  command.data = reinterpret_cast<std::uint64_t>(&structure);
  return file.ask(request::platform, command);
}

}  // namespace

os::Result<ChipFacts> read_chip(Device& device) {
  const File file(device, TRY(device.open(Node::Sev)));
  kernel::PlatformStatus status;
  TRY(ask(file, kernel::platform_status, status));
  // Of each socket one, and how long they are may change: the kernel says how much there was.
  std::array<std::uint8_t, 256> ids{};
  kernel::GetId wanted;
  // SAFETY: as above.
  wanted.address = reinterpret_cast<std::uint64_t>(ids.data());
  wanted.size = ids.size();
  TRY(ask(file, kernel::get_id, wanted));
  ChipFacts facts;
  if (wanted.size < facts.id.size() || wanted.size > ids.size()) return os::Errno::Range;
  std::ranges::copy_n(ids.begin(), static_cast<std::ptrdiff_t>(facts.id.size()), facts.id.begin());
  static_assert(sizeof(status.reported_tcb) == sizeof(facts.reported_tcb));
  std::memcpy(facts.reported_tcb.data(), &status.reported_tcb, sizeof(status.reported_tcb));
  return facts;
}

}  // namespace merlon::host::snp
