// Takes the place of merlon-keep in an enclave: makes every system call that its shim has, in turn
// and for ever, and looks after each whether anything happened that no host may make happen: memory
// beside the buffer is another, a number is beyond what was asked for, a register is changed, time
// runs backwards. Whatever the host answers otherwise is its right.

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <cstring>
#include <span>

#include <fcntl.h>
#include <poll.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "merlon/core/lent_call.h"

#include "tests/sgx/asking.h"

namespace {

struct Asked {
  std::uint64_t number;
  std::array<std::uint64_t, 6> arguments;
  std::uint64_t lent;
  std::uint64_t changed;
};
static_assert(offsetof(Asked, arguments) == ASKED_ARGUMENTS &&
              offsetof(Asked, lent) == ASKED_LENT && offsetof(Asked, changed) == ASKED_CHANGED);
extern "C" std::uint64_t ask_with_secrets(Asked* asked);
extern "C" const std::array<std::uint8_t, 32> the_secret;

constexpr std::size_t max_descriptors = 1024, guard = 4096, buffer_size = 6000;
constexpr std::int64_t last_error = -4095;
constexpr std::uint8_t untouched = 0xa5;

/// The host sees none of it. Around the buffer lies what nobody may touch.
struct Arena {
  std::array<std::uint8_t, guard> before;
  std::array<std::uint8_t, buffer_size> buffer;
  std::array<std::uint8_t, guard> behind;
};
Arena arena;
std::bitset<max_descriptors> held;
std::uint64_t lent_entry = 0;
std::uint64_t turn = 0;
std::array<std::uint64_t, 13> latest{};

std::uint64_t secret_word() {
  std::uint64_t word = 0;
  std::memcpy(&word, the_secret.data(), sizeof(word));
  return word;
}

void expect(bool good) {
  if (good) return;
  Asked end{SYS_exit_group, {STATUS_VIOLATED}, lent_entry, 0};
  ask_with_secrets(&end);
}

std::uint64_t address(const void* of) { return reinterpret_cast<std::uint64_t>(of); }

/// Both ways of calling, in turn; arguments that the call does not have are secret.
template <typename... Words>
std::int64_t ask(long number, Words... words) {
  Asked asked{static_cast<std::uint64_t>(number), {}, ++turn % 2 == 0 ? lent_entry : 0, 0};
  asked.arguments.fill(secret_word());
  std::size_t at = 0;
  ((asked.arguments[at++] = static_cast<std::uint64_t>(words)), ...);
  const auto answer = static_cast<std::int64_t>(ask_with_secrets(&asked));
  expect(asked.changed == 0);
  return answer;
}

bool is_error(std::int64_t answer) { return answer < 0 && answer >= last_error; }

template <std::size_t size>
bool is_all(const std::array<std::uint8_t, size>& bytes, std::uint8_t value) {
  return std::ranges::all_of(bytes, [&](std::uint8_t byte) { return byte == value; });
}

/// The buffer, of which `used` bytes may have changed; it is as new afterwards.
void expect_untouched_behind(std::size_t used) {
  expect(used <= buffer_size);
  const std::span rest = std::span(arena.buffer).subspan(used);
  expect(std::ranges::all_of(rest, [](std::uint8_t byte) { return byte == untouched; }));
  expect(is_all(arena.before, SECRET_BYTE) && is_all(arena.behind, SECRET_BYTE));
  arena.buffer.fill(untouched);
}

/// Of a call that fills `room` bytes at most, and says how many.
void expect_filled(std::int64_t answer, std::size_t room) {
  expect(is_error(answer) || (answer >= 0 && static_cast<std::uint64_t>(answer) <= room));
  expect_untouched_behind(is_error(answer) ? 0 : static_cast<std::size_t>(answer));
}

/// Of one that fills all of them or nothing.
void expect_record(std::int64_t answer, std::size_t size) {
  expect(is_error(answer) || answer >= 0);
  expect_untouched_behind(is_error(answer) ? 0 : size);
}

void expect_number(std::int64_t answer, std::uint64_t most) {
  expect(is_error(answer) || (answer >= 0 && static_cast<std::uint64_t>(answer) <= most));
  expect_untouched_behind(0);
}

void give_back(std::int64_t fd) {
  static_cast<void>(ask(SYS_close, fd));
  held[static_cast<std::size_t>(fd)] = false;  // closed, whatever the answer says
}

/// One that was not there, which is given back.
void expect_descriptor(std::int64_t answer) {
  expect(is_error(answer) || (answer >= 0 && static_cast<std::uint64_t>(answer) < max_descriptors));
  if (is_error(answer)) return;
  expect(!held[static_cast<std::size_t>(answer)]);
  held[static_cast<std::size_t>(answer)] = true;
  give_back(answer);
}

constexpr const char* path = "a/b";
std::uint8_t* buffer() { return arena.buffer.data(); }

void transfer() {
  for (const std::size_t size : {std::size_t{1}, std::size_t{13}, std::size_t{4096}, buffer_size}) {
    expect_filled(ask(SYS_read, 0, address(buffer()), size), size);
  }
  expect_filled(ask(SYS_pread64, 0, address(buffer()), 100, 8), 100);
  const std::array vectors{::iovec{buffer(), 100}, ::iovec{buffer() + 100, 0},
                           ::iovec{buffer() + 100, 50}};
  expect_filled(ask(SYS_readv, 0, address(vectors.data()), vectors.size()), 150);
  expect_filled(ask(SYS_preadv, 0, address(vectors.data()), vectors.size(), 4, 0), 150);
  expect_number(ask(SYS_write, 1, address(buffer()), 100), 100);
  expect_number(ask(SYS_pwrite64, 1, address(buffer()), 33, 5), 33);
  expect_number(ask(SYS_writev, 1, address(vectors.data()), vectors.size()), 150);
}

void files() {
  const std::int64_t place = ask(SYS_lseek, 0, 77, SEEK_SET);
  expect(is_error(place) || place == 77 || place == 0);
  expect(ask(SYS_lseek, 0, 0, SEEK_END) >= last_error);
  expect_descriptor(ask(SYS_fcntl, 0, F_DUPFD_CLOEXEC, 0));
  expect_number(ask(SYS_fcntl, 0, F_GETFL), 0x7fffff);
  expect_number(ask(SYS_fcntl, 0, F_SETFL, 0), 0);
  expect_record(ask(SYS_ioctl, 0, 0x541b, address(buffer())), 4);
  expect_record(ask(SYS_ioctl, 0, 0x5401, address(buffer())), 36);
  expect_number(ask(SYS_fsync, 1), 0);
  expect_number(ask(SYS_ftruncate, 1, 5), 0);
  expect_number(ask(SYS_fallocate, 1, 0, 0, 5), 0);
  expect_number(ask(SYS_fadvise64, 1, 0, 0, 0), 0);
  expect_record(ask(SYS_fstat, 0, address(buffer())), sizeof(struct ::stat));
  expect_record(ask(SYS_newfstatat, 3, address(path), address(buffer()), 0), sizeof(struct ::stat));
  expect_filled(ask(SYS_getdents64, 3, address(buffer()), 2000), 2000);
  expect_filled(ask(SYS_readlinkat, 3, address(path), address(buffer()), 300), 300);
}

void names() {
  expect_descriptor(ask(SYS_openat, 3, address(path), O_RDONLY, 0));
  expect_number(ask(SYS_mkdirat, 3, address(path), 0700), 0);
  expect_number(ask(SYS_unlinkat, 3, address(path), 0), 0);
  expect_number(ask(SYS_renameat, 3, address(path), 3, address(path)), 0);
  expect_number(ask(SYS_linkat, 3, address(path), 3, address(path), 0), 0);
  expect_number(ask(SYS_symlinkat, address(path), 3, address(path)), 0);
  expect_number(ask(SYS_utimensat, 3, address(path), 0, 0), 0);
}

void receive() {
  constexpr std::size_t size = 500;
  ::iovec vector{buffer(), size};
  alignas(::cmsghdr) std::array<std::uint8_t, CMSG_SPACE(253 * sizeof(int)) + 64> control{};
  control.fill(untouched);
  const std::size_t room = control.size() - 64;
  ::msghdr message{nullptr, 0, &vector, 1, control.data(), room, 0};
  expect_filled(ask(SYS_recvmsg, 0, address(&message), 0), size);
  expect(message.msg_iov == &vector && message.msg_control == control.data() &&
         message.msg_controllen <= room);
  expect(std::ranges::all_of(std::span(control).last(64),
                             [](std::uint8_t byte) { return byte == untouched; }));
  if (message.msg_controllen <= sizeof(::cmsghdr) || control[0] == untouched) return;
  std::array<int, 253> numbers{};
  const std::size_t count = (message.msg_controllen - sizeof(::cmsghdr)) / sizeof(int);
  expect(count <= numbers.size());
  std::memcpy(numbers.data(), control.data() + sizeof(::cmsghdr), count * sizeof(int));
  for (const int fd : std::span(numbers).first(count)) {
    expect(fd >= 0 && static_cast<std::size_t>(fd) < max_descriptors &&
           !held[static_cast<std::size_t>(fd)]);
    held[static_cast<std::size_t>(fd)] = true;
  }
  for (const int fd : std::span(numbers).first(count)) give_back(fd);
}

void sockets() {
  expect_descriptor(ask(SYS_accept4, 0, 0, 0, 0));
  expect_number(ask(SYS_shutdown, 0, 1), 0);
  for (const int option : {SO_TYPE, SO_ACCEPTCONN}) {
    std::array<std::int32_t, 2> value{-1, -1};
    std::uint32_t size = 4;
    const std::int64_t answer =
        ask(SYS_getsockopt, 0, SOL_SOCKET, option, address(value.data()), address(&size));
    expect(value[1] == -1 && (is_error(answer) || (value[0] >= 0 && value[0] <= 10)));
  }
  ::iovec vector{buffer(), 64};
  ::msghdr message{nullptr, 0, &vector, 1, nullptr, 0, 0};
  expect_number(ask(SYS_sendmsg, 0, address(&message), 0), 64);
  expect_filled(ask(SYS_recvmsg, 0, address(&message), 0), 64);
  receive();
  std::array items{::pollfd{0, POLLIN, 0}, ::pollfd{1, POLLOUT, 0}, ::pollfd{-1, 0, 0},
                   ::pollfd{-7, 77, 0}};
  const ::timespec soon{0, 1000};
  expect_number(ask(SYS_ppoll, address(items.data()), 3, address(&soon), 0, 8), 3);
  expect(items[0].fd == 0 && items[0].events == POLLIN && items[1].fd == 1 && items[2].fd == -1);
  expect(items[3].fd == -7 && items[3].events == 77 && items[3].revents == 0);
  expect_descriptor(ask(SYS_eventfd2, 0, 0));
}

void clocks() {
  for (const std::uint64_t clock : {0U, 1U}) {
    std::array<std::int64_t, 3> time{0, 0, -1};
    const std::int64_t answer = ask(SYS_clock_gettime, clock, address(time.data()));
    expect(time[2] == -1 &&
           (is_error(answer) || (time[0] >= 0 && time[1] >= 0 && time[1] < 1'000'000'000)));
    const std::uint64_t now =
        static_cast<std::uint64_t>(time[0]) * 1'000'000'000 + static_cast<std::uint64_t>(time[1]);
    if (is_error(answer) || clock == 0) continue;
    expect(now >= latest[clock]);
    latest[clock] = now;
  }
}

bool is_where_mappings_lie(std::int64_t at, std::size_t size) {
  constexpr std::uint64_t start = 0x2000'0000'0000, end = 0x3000'0000'0000;
  const auto first = static_cast<std::uint64_t>(at);
  return at > 0 && first % 4096 == 0 && first >= start && first <= end - size;
}

/// Memory that comes is zero, holds what is written, and keeps it when its rights change.
void memory() {
  constexpr std::size_t size = 40 * 4096;
  const std::int64_t at =
      ask(SYS_mmap, 0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (is_error(at)) return;
  expect(is_where_mappings_lie(at, size));
  auto* const words = reinterpret_cast<std::uint64_t*>(at);
  for (std::size_t page = 0; page < size / 8; page += 512) {
    expect(words[page] == 0 && words[page + 511] == 0);
    words[page] = page ^ secret_word();
  }
  const bool is_read_only = ask(SYS_mprotect, at, size / 2, PROT_READ) == 0;
  for (std::size_t page = 0; page < size / 8; page += 512) {
    expect(words[page] == (page ^ secret_word()));
    if (!is_read_only || page >= size / 16) words[page] = ~page;
  }
  static_cast<void>(ask(SYS_munmap, at, size));
}

}  // namespace

int main() {
  lent_entry = ::getauxval(merlon::core::lent_call_tag);
  arena.before.fill(SECRET_BYTE);
  arena.behind.fill(SECRET_BYTE);
  arena.buffer.fill(untouched);
  for (std::size_t fd = 0; fd < 4; ++fd) held[fd] = true;
  for (;; ++turn) {
    transfer();
    files();
    names();
    sockets();
    clocks();
    memory();
  }
}
