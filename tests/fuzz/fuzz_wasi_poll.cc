// poll_oneoff over any subscriptions: it returns, reports only what was asked for, and writes
// nowhere but where it was told to.
//
// Input: number of subscriptions (1 byte), then their records. One subscription that is always
// ready is put in front, so that nothing waits.

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include <sys/socket.h>

#include "merlon/os/socket.h"

#include "tests/fuzz/wasi_harness.h"

namespace {

using namespace merlon;

constexpr wasi::GuestAddress in = 1024;
constexpr wasi::GuestAddress out = 32768;
constexpr wasi::GuestAddress count_at = 16;
constexpr std::size_t max_count = 255;

/// Descriptors 0 to 7, one of each kind, with and without something to read.
class PollGuest {
 public:
  PollGuest() {
    guest_.insert(wasi::null_file());
    insert_pipe(true);
    insert_pipe(false);
    tree_.reset();
    guest_.preopen(tree_.open_inside());
    guest_.insert(wasi::listening_socket(os::listen_tcp("127.0.0.1", 0).value()));
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
      fuzz::found("no sockets");
    }
    guest_.insert(wasi::open_file(os::Fd::adopt(pair[0])));
    ours_.push_back(os::Fd::adopt(pair[1]));
    guest_.insert(wasi::open_file(os::Fd::adopt(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC))));
    guest_.insert(wasi::open_file(os::Fd::adopt(::open("/dev/null", O_RDWR | O_CLOEXEC))));
  }
  fuzz::Guest& guest() { return guest_; }

 private:
  void insert_pipe(bool filled) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fuzz::found("no pipe");
    if (filled && ::write(ends[1], "filled", 6) != 6) fuzz::found("cannot fill a pipe");
    guest_.insert(wasi::open_file(os::Fd::adopt(ends[0])));
    ours_.push_back(os::Fd::adopt(ends[1]));
  }
  fuzz::GuardedTree tree_;
  fuzz::Guest guest_;
  std::vector<os::Fd> ours_;
};

void check_events(wasi::GuestMemory memory, wasi::GuestSize count,
                  const std::multiset<std::uint64_t>& asked) {
  const auto events = memory.load<wasi::GuestSize>(count_at).value();
  if (events == 0 || events > count) fuzz::found("an impossible number of events");
  std::multiset<std::uint64_t> left = asked;
  for (wasi::GuestAddress i = 0; i < events; ++i) {
    const auto userdata = memory.load<std::uint64_t>(out + i * 32).value();
    const auto found = left.find(userdata);
    if (found == left.end()) fuzz::found("an event nobody subscribed to");
    left.erase(found);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static PollGuest poll_guest;
  fuzz::Guest& guest = poll_guest.guest();
  if (size == 0) return 0;
  const std::size_t count = std::size_t{data[0]} % max_count + 1;
  std::vector<std::uint8_t>& bytes = guest.bytes();
  std::fill(bytes.begin(), bytes.end(), std::uint8_t{0});
  std::memcpy(bytes.data() + in + 48, data + 1, std::min(size - 1, (count - 1) * 48));
  bytes[in + 8] = 1;  // fd_read of descriptor 0, the null file
  std::multiset<std::uint64_t> asked;
  for (std::size_t i = 0; i < count; ++i) {
    asked.insert(
        guest.memory().load<std::uint64_t>(in + static_cast<std::uint32_t>(i) * 48).value());
  }
  const std::vector<std::uint8_t> before = bytes;
  const auto n = static_cast<wasi::GuestSize>(count);
  const wasi::Result<void> result =
      wasi::api::poll_oneoff(guest.context(), guest.memory(), in, out, n, count_at);
  if (result.has_value()) check_events(guest.memory(), n, asked);
  const auto same = [&](std::size_t from, std::size_t to) {
    return std::memcmp(bytes.data() + from, before.data() + from, to - from) == 0;
  };
  if (!same(0, count_at) || !same(count_at + 4, out) || !same(out + count * 32, bytes.size())) {
    fuzz::found("a byte was written that nobody asked for");
  }
  return 0;
}
