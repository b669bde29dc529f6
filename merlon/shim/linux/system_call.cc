#include "merlon/shim/linux/system_call.h"

#include <algorithm>
#include <optional>

#include "merlon/core/attest_call.h"
#include "merlon/shim/linux/attest.h"
#include "merlon/shim/linux/files.h"
#include "merlon/shim/linux/host.h"
#include "merlon/shim/linux/keep.h"
#include "merlon/shim/linux/names.h"
#include "merlon/shim/linux/randomness.h"
#include "merlon/shim/linux/sockets.h"
#include "merlon/shim/linux/user.h"

namespace merlon::shim::linux {

using abi::SystemResult;
using sallyport::Call;
namespace nr = abi::number;

namespace {

using Answer = std::optional<SystemResult>;

constexpr std::uint64_t process_id = 1;

/// What the call was given, in order.
struct Given {
  explicit Given(const Registers& from) noexcept
      : a(from.rdi), b(from.rsi), c(from.rdx), d(from.r10), e(from.r8), f(from.r9) {}
  std::uint64_t a, b, c, d, e, f;
};

SystemResult get_random(std::uint64_t address, std::uint64_t size) noexcept {
  return write_random(address, size) ? static_cast<SystemResult>(size) : -abi::Fault;
}

SystemResult control_processor(std::uint64_t code, std::uint64_t address) noexcept {
  if (code != abi::arch_set_fs) return -abi::Inval;
  if (address >= sallyport::user_end) return -abi::Perm;
  set_thread_pointer(address);
  return 0;
}

/// What a program finds its limits to be. None can be changed.
SystemResult limits(std::uint64_t resource, std::uint64_t change, std::uint64_t address) noexcept {
  struct Limit {
    std::uint64_t current;
    std::uint64_t most;
  };
  constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  constexpr std::uint64_t stack = 3;
  constexpr std::uint64_t open_files = 7;
  Limit limit{unlimited, unlimited};
  if (resource == stack) limit.current = sallyport::stack_size;
  if (resource == open_files) limit = {sallyport::max_descriptors, sallyport::max_descriptors};
  if (address != 0 && !write_user(address, limit)) return -abi::Fault;
  return change == 0 ? 0 : -abi::Perm;
}

SystemResult set_timer(std::uint64_t times) noexcept {
  abi::TimeSpec both[2]{};  // interval, first
  if (!read_user(times, both)) return -abi::Fault;
  const auto nanoseconds = [](const abi::TimeSpec& time) {
    constexpr std::int64_t second = 1'000'000'000;
    constexpr std::int64_t most_seconds = 1'000'000'000;
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(time.seconds, 0, most_seconds) *
                                          second +
                                      std::clamp<std::int64_t>(time.nanoseconds, 0, second));
  };
  return ask(Call::SetTimer, {nanoseconds(both[1]), nanoseconds(both[0])});
}

SystemResult create_timer(std::uint64_t address) noexcept {
  constexpr std::int32_t only = 0;
  return write_user(address, only) ? 0 : -abi::Fault;
}

/// One thread: nobody waits, and nobody could wake it.
SystemResult futex(std::uint64_t operation) noexcept {
  constexpr std::uint64_t wake = 1;
  constexpr std::uint64_t operations = 0x7f;
  return (operation & operations) == wake ? 0 : -abi::Nosys;
}

Answer memory_call(std::uint64_t number, const Given& given) noexcept {
  Memory& memory = keep().memory;
  constexpr std::uint64_t dont_need = 4;
  switch (number) {
    case nr::mmap: return memory.map(given.a, given.b, given.c, given.d);
    case nr::munmap: return memory.unmap(given.a, given.b);
    case nr::mprotect: return memory.protect(given.a, given.b, given.c);
    case nr::brk: return static_cast<SystemResult>(memory.set_break(given.a));
    case nr::madvise: return given.c == dont_need ? -abi::Inval : 0;
    default: return std::nullopt;
  }
}

Answer process_call(std::uint64_t number, const Given& given, Registers& registers) noexcept {
  Keep& self = keep();
  switch (number) {
    case nr::exit:
    case nr::exit_group: end_keep(given.a & 0xff);
    case nr::tgkill: Signals::kill(given.c);
    case nr::rt_sigaction: return self.signals.set_action(given.a, given.b, given.c);
    case nr::rt_sigprocmask: return self.signals.set_mask(given.a, given.b, given.c);
    case nr::sigaltstack: return self.signals.set_stack(given.a, given.b);
    case nr::rt_sigreturn:
      self.signals.come_back(registers);
      return static_cast<SystemResult>(registers.rax);
    case nr::arch_prctl: return control_processor(given.a, given.b);
    case nr::getpid:
    case nr::gettid:
    case nr::set_tid_address: return process_id;
    case nr::set_robust_list:
    case nr::sched_yield: return 0;
    case nr::prlimit64: return limits(given.b, given.c, given.d);
    case nr::futex: return futex(given.b);
    case nr::getrandom: return get_random(given.a, given.b);
    case nr::clock_gettime: return self.clock.get(given.a, given.b);
    case nr::clock_getres: return self.clock.resolution(given.a, given.b);
    case nr::timer_create: return create_timer(given.c);
    case nr::timer_settime: return set_timer(given.c);
    case nr::timer_delete: return ask(Call::SetTimer, {0, 0});
    case nr::readlink: return -abi::Noent;
    case core::attest_call: return attest(given.a, given.b, given.c, given.d, given.e);
    default: return std::nullopt;
  }
}

Answer transfer_call(std::uint64_t number, const Given& given) noexcept {
  constexpr std::uint64_t own_position = ~std::uint64_t{0};
  const files::Position at{true, given.d};
  switch (number) {
    case nr::read: return files::read(given.a, given.b, given.c, {});
    case nr::write: return files::write(given.a, given.b, given.c, {});
    case nr::pread64: return files::read(given.a, given.b, given.c, at);
    case nr::pwrite64: return files::write(given.a, given.b, given.c, at);
    case nr::readv: return files::read_vectors(given.a, given.b, given.c, {});
    case nr::writev: return files::write_vectors(given.a, given.b, given.c, {});
    case nr::preadv: return files::read_vectors(given.a, given.b, given.c, at);
    case nr::pwritev: return files::write_vectors(given.a, given.b, given.c, at);
    case nr::preadv2:
      if (given.f != 0) return -abi::Opnotsupp;
      return files::read_vectors(given.a, given.b, given.c,
                                 given.d == own_position ? files::Position{} : at);
    case nr::pwritev2:
      if (given.f != 0) return -abi::Opnotsupp;
      return files::write_vectors(given.a, given.b, given.c,
                                  given.d == own_position ? files::Position{} : at);
    default: return std::nullopt;
  }
}

Answer file_call(std::uint64_t number, const Given& given) noexcept {
  switch (number) {
    case nr::close: return files::close(given.a);
    case nr::fcntl: return files::control(given.a, given.b, given.c);
    case nr::ioctl: return files::device_control(given.a, given.b, given.c);
    case nr::fstat: return files::status(given.a, given.b);
    case nr::getdents64: return files::read_directory(given.a, given.b, given.c);
    case nr::ppoll: return files::poll(given.a, given.b, given.c);
    case nr::eventfd2: return ask(Call::Event, {given.a});
    case nr::sendmsg: return sockets::send(given.a, given.b);
    case nr::recvmsg: return sockets::receive(given.a, given.b, given.c);
    case nr::getsockopt: return sockets::option(given.a, given.b, given.c, given.d, given.e);
    default: break;
  }
  // The rest only passes numbers on, for a descriptor that the keep holds.
  const auto passed = [&](Call call, sallyport::Arguments arguments) -> Answer {
    return files::holds(given.a) ? ask(call, arguments) : -abi::Badf;
  };
  switch (number) {
    case nr::lseek: return passed(Call::Seek, {given.a, given.b, given.c});
    case nr::fsync: return passed(Call::Synchronize, {given.a, 0});
    case nr::fdatasync: return passed(Call::Synchronize, {given.a, 1});
    case nr::ftruncate: return passed(Call::Truncate, {given.a, given.b});
    case nr::fallocate: return passed(Call::Allocate, {given.a, given.b, given.c, given.d});
    case nr::fadvise64: return passed(Call::Advise, {given.a, given.b, given.c, given.d});
    case nr::shutdown: return passed(Call::ShutDown, {given.a, given.b});
    case nr::accept4: return passed(Call::Accept, {given.a, given.d});
    default: return std::nullopt;
  }
}

Answer name_call(std::uint64_t number, const Given& given) noexcept {
  switch (number) {
    case nr::openat: return names::open(given.a, given.b, given.c, given.d);
    case nr::openat2: return names::open_how(given.a, given.b, given.c, given.d);
    case nr::newfstatat: return names::status(given.a, given.b, given.c, given.d);
    case nr::utimensat: return names::set_times(given.a, given.b, given.c, given.d);
    case nr::mkdirat: return names::make_directory(given.a, given.b, given.c);
    case nr::unlinkat: return names::remove(given.a, given.b, given.c);
    case nr::renameat: return names::rename(given.a, given.b, given.c, given.d);
    case nr::linkat: return names::link(given.a, given.b, given.c, given.d);
    case nr::symlinkat: return names::symlink(given.a, given.b, given.c);
    case nr::readlinkat: return names::read_link(given.a, given.b, given.c, given.d);
    default: return std::nullopt;
  }
}

}  // namespace

extern "C" void shim_system_call(Registers* registers) noexcept {
  const std::uint64_t number = registers->vector;
  const Given given(*registers);
  Answer answer = memory_call(number, given);
  if (!answer) answer = transfer_call(number, given);
  if (!answer) answer = process_call(number, given, *registers);
  if (!answer) answer = file_call(number, given);
  if (!answer) answer = name_call(number, given);
  registers->rax = static_cast<std::uint64_t>(answer.value_or(-abi::Nosys));
}

}  // namespace merlon::shim::linux
