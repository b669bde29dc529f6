#include "merlon/shim/linux/attributes.h"

#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux {
namespace {

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::int64_t time_now = 0x3fffffff;  // UTIME_NOW
constexpr std::int64_t usual_block = 4096;

abi::TimeSpec timespec_of(std::uint64_t nanoseconds) noexcept {
  return {static_cast<std::int64_t>(nanoseconds / second),
          static_cast<std::int64_t>(nanoseconds % second)};
}

}  // namespace

abi::SystemResult put_status(std::uint64_t address, const sallyport::Status& status) noexcept {
  abi::Stat to{};
  to.device = status.device;
  to.inode = status.inode;
  to.links = status.links;
  to.mode = status.mode;
  to.size = static_cast<std::int64_t>(status.size & ~(std::uint64_t{1} << 63U));
  to.block_size = usual_block;
  to.accessed = timespec_of(status.accessed);
  to.modified = timespec_of(status.modified);
  to.changed = timespec_of(status.changed);
  return write_user(address, to) ? 0 : -abi::Fault;
}

std::optional<sallyport::Times> times_at(std::uint64_t address) noexcept {
  sallyport::Times times{{0, time_now}, {0, time_now}};
  if (address != 0 && !read_user(address, times)) return std::nullopt;
  return times;
}

}  // namespace merlon::shim::linux
