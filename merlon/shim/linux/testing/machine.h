#pragma once

// A machine for tests of the Linux side: this process. The keep's memory is real memory at the
// keep's own addresses, with the keep's rights; its host is a function of the test. One at a time.

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/sallyport/guest/port.h"
#include "merlon/shim/linux/keep.h"
#include "merlon/shim/linux/machine.h"

namespace merlon::shim::linux::testing {

/// A request as the host found it.
struct Asked {
  sallyport::Call call;
  sallyport::Arguments arguments;
  std::string sent;
  std::size_t room;
};

/// What the host says to it.
struct Reply {
  std::int64_t result = 0;
  std::string bytes = {};
};

class Machine {
 public:
  using Host = std::function<Reply(const Asked&)>;
  static constexpr std::size_t capacity = 16384;

  Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  /// A system call of the keep, and what it is told.
  std::int64_t call(std::uint64_t number, std::initializer_list<std::uint64_t> arguments);
  /// `size` bytes that the keep may read and write, zero; ends this program when there are none.
  [[nodiscard]] std::uint64_t map(std::uint64_t size);
  /// Writes bytes as the keep would.
  void put(std::uint64_t address, std::string_view bytes);
  [[nodiscard]] std::string get(std::uint64_t address, std::size_t size) const;

  Host host;  ///< without one: success, and zeros where bytes are due; not complained to
  std::vector<Asked> asked;  ///< all that came to the host
  std::deque<std::optional<std::uint64_t>>
      random;  ///< what the source says; then ever other numbers
  std::uint64_t thread_pointer = 0;
  std::function<bool(Range, Access)> give;  ///< in the place of real memory
  std::function<void(Range)> take;
  /// A security processor that is at hand; without it there is none.
  std::function<std::int64_t(std::uint64_t kind, core::ByteView sent, core::ByteSpan room)>
      processor;

  [[nodiscard]] Keep& keep() { return *keep_; }
  [[nodiscard]] sallyport::Port& port() { return port_; }
  std::optional<std::uint64_t> random_number();
  [[nodiscard]] bool give_real(Range range, Access access);
  void take_real(Range range);

 private:
  static void ring(void* self, std::uint64_t sequence) noexcept;
  void serve(std::uint64_t sequence);
  [[nodiscard]] sallyport::Block block();

  core::ByteSpan block_;
  sallyport::Port port_;
  std::unique_ptr<Keep> keep_ = std::make_unique<Keep>();
  std::set<std::uint64_t> pages_;
  std::string complaint_;
  std::uint64_t counter_ = 0;
};

/// Whether a keep's addresses are free in this process; a sanitizer may have them.
[[nodiscard]] bool has_room_for_a_keep();

}  // namespace merlon::shim::linux::testing
