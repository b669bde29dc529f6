#include "merlon/container/talk.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/os/channel.h"
#include "merlon/os/file.h"

namespace merlon::container {

bool say(os::BorrowedFd channel, std::string_view line) {
  const std::string whole = base::concat(line, "\n");
  return os::send_with_descriptors(channel, core::as_bytes(whole), {}).has_value();
}

std::optional<std::string> hear(os::BorrowedFd channel) {
  constexpr std::size_t longest = 16384;
  std::string line;
  while (line.size() < longest) {
    // One by one: what stands behind the line is the next one's. They are few and short.
    std::array<std::uint8_t, 1> letter{};
    const std::array into{::iovec{letter.data(), letter.size()}};
    const auto size = os::read(channel, into);
    if (!size && size.error() == os::Errno::Intr) continue;
    if (!size || *size == 0) return std::nullopt;
    if (letter[0] == '\n') return line;
    line += static_cast<char>(letter[0]);
  }
  return std::nullopt;
}

}  // namespace merlon::container
