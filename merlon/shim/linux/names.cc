#include "merlon/shim/linux/names.h"

#include <algorithm>
#include <array>

#include "merlon/shim/linux/attributes.h"
#include "merlon/shim/linux/files.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux::names {

using sallyport::Arguments;
using sallyport::Call;

namespace {

/// A number that the keep passed as an int.
std::uint64_t descriptor(std::uint64_t argument) noexcept { return argument & 0xffff'ffff; }

/// Asks about one name in one directory.
SystemResult ask_named(Call call, std::uint64_t path, Arguments arguments) noexcept {
  if (!files::holds(arguments[0])) return -abi::Badf;
  const auto name = user_path(path);
  if (!name) return -abi::Fault;
  return ask_sending(call, arguments, *name);
}

/// Asks about two names, sent with a NUL between them.
SystemResult ask_two(Call call, std::uint64_t first, std::uint64_t second,
                     Arguments arguments) noexcept {
  const auto one = user_path(first);
  const auto two = user_path(second);
  if (!one || !two) return -abi::Fault;
  constexpr std::array<std::uint8_t, 1> separator{0};
  return answer_of(
      call,
      port().stage(call, arguments).send(*one).send(separator).send(*two).commit().collect({}));
}

}  // namespace

SystemResult open(std::uint64_t directory, std::uint64_t path, std::uint64_t flags,
                  std::uint64_t mode) noexcept {
  return ask_named(Call::Open, path, {descriptor(directory), flags & 0xffff'ffff, mode & 07777});
}

SystemResult open_how(std::uint64_t directory, std::uint64_t path, std::uint64_t how,
                      std::uint64_t size) noexcept {
  abi::OpenHow wanted{};
  if (size != sizeof(wanted)) return -abi::Inval;
  if (!read_user(how, wanted)) return -abi::Fault;
  // The host resolves beneath the directory in any case; a keep that does not want it is refused.
  if ((wanted.resolve & abi::resolve_beneath) == 0) return -abi::Inval;
  return open(directory, path, wanted.flags, wanted.mode);
}

SystemResult status(std::uint64_t directory, std::uint64_t path, std::uint64_t address,
                    std::uint64_t flags) noexcept {
  const std::uint64_t fd = descriptor(directory);
  const auto name = user_path(path);
  if (!name) return -abi::Fault;
  if (name->empty() && (flags & abi::at_empty_path) != 0) return files::status(fd, address);
  if (!files::holds(fd)) return -abi::Badf;
  sallyport::Status status{};
  const core::ByteSpan into = writable_bytes_of(status);
  const SystemResult answer = answer_of(Call::StatusAt, port()
                                                            .stage(Call::StatusAt, {fd, flags})
                                                            .send(*name)
                                                            .receive(into.size())
                                                            .commit()
                                                            .collect(into));
  return answer < 0 ? answer : put_status(address, status);
}

SystemResult set_times(std::uint64_t directory, std::uint64_t path, std::uint64_t times,
                       std::uint64_t flags) noexcept {
  const std::uint64_t fd = descriptor(directory);
  if (!files::holds(fd)) return -abi::Badf;
  const auto wanted = times_at(times);
  if (!wanted) return -abi::Fault;
  if (path == 0) return ask_sending(Call::SetTimes, {fd}, bytes_of(*wanted));
  const auto name = user_path(path);
  if (!name) return -abi::Fault;
  return answer_of(Call::SetTimesAt, port()
                                         .stage(Call::SetTimesAt, {fd, flags})
                                         .send(bytes_of(*wanted))
                                         .send(*name)
                                         .commit()
                                         .collect({}));
}

SystemResult make_directory(std::uint64_t directory, std::uint64_t path,
                            std::uint64_t mode) noexcept {
  return ask_named(Call::MakeDirectory, path, {descriptor(directory), mode & 07777});
}

SystemResult remove(std::uint64_t directory, std::uint64_t path, std::uint64_t flags) noexcept {
  return ask_named(Call::Remove, path, {descriptor(directory), flags});
}

SystemResult rename(std::uint64_t from_directory, std::uint64_t from, std::uint64_t to_directory,
                    std::uint64_t to) noexcept {
  const std::uint64_t source = descriptor(from_directory);
  const std::uint64_t target = descriptor(to_directory);
  if (!files::holds(source) || !files::holds(target)) return -abi::Badf;
  return ask_two(Call::Rename, from, to, {source, target});
}

SystemResult link(std::uint64_t from_directory, std::uint64_t from, std::uint64_t to_directory,
                  std::uint64_t to) noexcept {
  const std::uint64_t source = descriptor(from_directory);
  const std::uint64_t target = descriptor(to_directory);
  if (!files::holds(source) || !files::holds(target)) return -abi::Badf;
  return ask_two(Call::Link, from, to, {source, target});
}

SystemResult symlink(std::uint64_t target, std::uint64_t directory, std::uint64_t path) noexcept {
  const std::uint64_t fd = descriptor(directory);
  if (!files::holds(fd)) return -abi::Badf;
  return ask_two(Call::Symlink, target, path, {fd});
}

SystemResult read_link(std::uint64_t directory, std::uint64_t path, std::uint64_t address,
                       std::uint64_t size) noexcept {
  const std::uint64_t fd = descriptor(directory);
  if (!files::holds(fd)) return -abi::Badf;
  const auto name = user_path(path);
  const auto into = writable_bytes(address, std::min<std::uint64_t>(size, sallyport::max_path + 1));
  if (!name || !into) return -abi::Fault;
  return answer_of(
      Call::ReadLink,
      port().stage(Call::ReadLink, {fd}).send(*name).receive(into->size()).commit().collect(*into));
}

}  // namespace merlon::shim::linux::names
