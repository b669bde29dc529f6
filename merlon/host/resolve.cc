#include "merlon/host/resolve.h"

#include <array>

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/host/programs.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::host {

namespace {

/// A name has no more addresses than fit here.
constexpr std::size_t most_bytes = 65536;

bool is_numeric(const std::string& host) noexcept {
  std::array<unsigned char, sizeof(::in6_addr)> address{};
  return ::inet_pton(AF_INET, host.c_str(), address.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

}  // namespace

core::Result<std::vector<std::string>, std::string> resolve_host(const std::string& host) {
  if (is_numeric(host)) return std::vector{host};
  if (host.empty()) return std::string("a host's name is empty");
  const auto program = find_program("merlon-resolve");
  if (!program) return program.error().text;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) < 0) return std::string(os::describe(os::last_errno()));
  const os::Fd answer = os::Fd::adopt(ends[0]);
  os::Fd question = os::Fd::adopt(ends[1]);
  const auto child =
      os::ChildProcess::spawn(*program, std::array{std::string("merlon-resolve"), host}, question);
  question.close();
  if (!child) {
    return base::concat(*program, " cannot be started: ", os::describe(child.error()));
  }
  const auto said = os::read_all(answer, most_bytes);
  const auto ended = child->wait();
  if (!said || !ended) return std::string(os::describe(said ? ended.error() : said.error()));
  const bool good = ended->kind == os::ExitStatus::Kind::Exited && ended->value == 0;
  if (good && !said->empty()) return lines_of(core::as_text(*said));
  const std::string why = base::printable(core::as_text(*said));
  return why.empty() ? std::string("merlon-resolve gave no answer") : why;
}

}  // namespace merlon::host
