// Any call with any parameters over any memory: no call reaches outside of the guest's memory or
// directory, waits once the guest is stopped, or loses a descriptor of ours.
//
// Input: 4096 bytes of guest memory (or fewer), then calls: index into api.def, what
// snapshot 0 has of its own and sockets.def, then one byte for each parameter, which picks a value
// that is often interesting or asks for 8 bytes of its own.

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "merlon/wasi/snapshot0.h"
#include "merlon/wasi/sockets.h"

#include "tests/fuzz/wasi_harness.h"

namespace {

using namespace merlon;

constexpr std::size_t prepared_size = 4096;

class Input {
 public:
  explicit Input(core::ByteView bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  core::ByteView take(std::size_t size) {
    const core::ByteView taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::uint8_t byte() {
    const core::ByteView one = take(1);
    return one.empty() ? std::uint8_t{0} : one[0];
  }
  template <typename T>
  T value() {
    constexpr std::array<std::uint64_t, 16> interesting{
        0, 1, 2, 3, 4, 5, 8, 16, 256, 1024, 4096, 65535, 65536, 0x7FFFFFFF, 0xFFFFFFFF, ~0ULL};
    const std::uint8_t choice = byte();
    if (choice < interesting.size()) return static_cast<T>(interesting[choice]);
    if (choice < 128) return static_cast<T>(choice);
    if (choice < 240)
      return static_cast<T>((choice - 128) * 32);  // an address in the prepared part
    std::uint64_t raw = 0;
    const core::ByteView own = take(sizeof(raw));
    for (std::size_t i = 0; i < own.size(); ++i) raw |= std::uint64_t{own[i]} << (8 * i);
    return static_cast<T>(raw);
  }

 private:
  core::ByteView rest_;
};

template <typename... Parameters>
void call(wasi::Result<void> (*function)(wasi::Context&, wasi::GuestMemory, Parameters...),
          fuzz::Guest& guest, Input& input) {
  // Braces: evaluated from left to right, so that an input means the same everywhere.
  const std::tuple<Parameters...> parameters{input.value<Parameters>()...};
  std::apply(
      [&](auto... values) {
        [[maybe_unused]] const auto ignored = function(guest.context(), guest.memory(), values...);
      },
      parameters);
}

using Caller = void (*)(fuzz::Guest&, Input&);

constexpr std::array callers{
#define MERLON_WASI_CALL(name, ...) \
  Caller{[](fuzz::Guest& guest, Input& input) { call(&wasi::api::name, guest, input); }},
#include "merlon/wasi/api.def"
#undef MERLON_WASI_CALL
    Caller{[](auto& guest, auto& input) { call(&wasi::snapshot0::fd_seek, guest, input); }},
    Caller{[](auto& guest, auto& input) { call(&wasi::snapshot0::fd_filestat_get, guest, input); }},
    Caller{
        [](auto& guest, auto& input) { call(&wasi::snapshot0::path_filestat_get, guest, input); }},
    Caller{[](auto& guest, auto& input) { call(&wasi::snapshot0::poll_oneoff, guest, input); }},
#define MERLON_SOCKET_CALL(name, ...) \
  Caller{[](auto& guest, auto& input) { call(&wasi::sockets::name, guest, input); }},
#define MERLON_SOCKET_OPTION MERLON_SOCKET_CALL
#define MERLON_SOCKET_OPTION_OF_TWO MERLON_SOCKET_CALL
#include "merlon/wasi/sockets.def"
#undef MERLON_SOCKET_CALL
#undef MERLON_SOCKET_OPTION
#undef MERLON_SOCKET_OPTION_OF_TWO
};
static_assert(callers.size() > 46 + 4);

/// Nothing leads anywhere, but names have addresses and sockets are there.
class NoWay final : public wasi::OutgoingStream {
 public:
  wasi::Result<void> begin(const wasi::Endpoint& /*to*/) override {
    return wasi::fail(wasi::Errno::Connrefused);
  }
  wasi::Result<State> progress() override { return State::Idle; }
  std::optional<wasi::Endpoint> remote() const noexcept override { return std::nullopt; }
  os::BorrowedFd descriptor() const noexcept override { return os::BorrowedFd(-1); }
  os::Result<os::Received> receive(os::IoVectors, os::ReceiveFlags) override {
    return os::Errno::Notconn;
  }
  os::Result<std::size_t> send(os::IoVectors) override { return os::Errno::Notconn; }
  os::Result<void> shut_down(bool, bool) override { return os::Errno::Notconn; }
};
class AnyName final : public wasi::Network {
 public:
  wasi::Result<wasi::Endpoint> resolve(std::string_view, wasi::Family family) override {
    return wasi::Endpoint{family, {240, 0, 0, 1}, 0};
  }
  std::shared_ptr<wasi::OutgoingStream> open() override { return std::make_shared<NoWay>(); }
};

void insert_files(fuzz::Guest& guest, const fuzz::GuardedTree& tree) {
  guest.insert(wasi::null_file());
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fuzz::found("no pipe");
  guest.insert(wasi::open_file(os::Fd::adopt(ends[0])));
  guest.insert(wasi::open_file(os::Fd::adopt(ends[1])));
  guest.preopen(tree.open_inside());
}

int highest_open_file() { return ::fcntl(2, F_DUPFD_CLOEXEC, 3); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static fuzz::GuardedTree tree;
  tree.reset();
  const int before = highest_open_file();
  ::close(before);
  {
    Input input({data, size});
    fuzz::Guest guest({.arguments = {"main.wasm", "a"}, .environment = {"A=1"}});
    insert_files(guest, tree);
    guest.context().set_network(std::make_shared<AnyName>());
    guest.context().interrupt();  // so that whatever would wait ends
    const core::ByteView prepared = input.take(prepared_size);
    std::copy(prepared.begin(), prepared.end(), guest.bytes().begin());
    for (int calls = 0; !input.empty() && calls < 64; ++calls) {
      callers[input.byte() % callers.size()](guest, input);
    }
  }
  const int after = highest_open_file();
  ::close(after);
  if (after != before) fuzz::found("a file stays open after its guest");
  tree.check();
  return 0;
}
