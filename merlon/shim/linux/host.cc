#include "merlon/shim/linux/host.h"

#include <array>

namespace merlon::shim::linux {

using sallyport::Arguments;
using sallyport::Call;

namespace {

// As merlon/launch/exit_status.h has them.
constexpr std::uint64_t keep_failed = 125;
constexpr std::uint64_t crashed = 134;
constexpr std::size_t max_complaint = 256;

std::size_t append(core::ByteSpan into, std::size_t at, const char* text) noexcept {
  while (*text != '\0' && at < into.size()) into[at++] = static_cast<std::uint8_t>(*text++);
  return at;
}

/// Says why without a look at the answer: there is nothing to be done about it.
void complain(const char* what, const char* about) noexcept {
  std::array<std::uint8_t, max_complaint> text{};
  std::size_t size = append(text, 0, what);
  size = append(text, size, about);
  auto committed =
      port().stage(Call::Complain, Arguments{}).send(core::ByteView(text).first(size)).commit();
  static_cast<void>(std::move(committed).collect({}));
}

}  // namespace

void end_keep(std::uint64_t status) noexcept {
  for (;;) static_cast<void>(port().stage(Call::Exit, Arguments{status}).commit());
}

void give_up(const char* what, const char* about) noexcept {
  complain(what, about);
  end_keep(keep_failed);
}

void crash(const char* what, const char* about) noexcept {
  complain(what, about);
  end_keep(crashed);
}

std::int64_t answer_of(Call call, sallyport::Answer<std::uint64_t> answer) noexcept {
  if (answer) return static_cast<std::int64_t>(*answer);
  const sallyport::Failure failure = answer.error();
  if (failure.violation == sallyport::Violation::None) return -failure.number;
  if (failure.violation == sallyport::Violation::TooManyRequests) {
    give_up("the keep has asked its host more often than can be counted");
  }
  complain("the host broke the rules when asked to ", sallyport::info_of(call).description);
  give_up("the host ", sallyport::describe(failure.violation));
}

std::int64_t ask(Call call, Arguments arguments) noexcept {
  return answer_of(call, port().stage(call, arguments).commit().collect({}));
}

std::int64_t ask_sending(Call call, Arguments arguments, core::ByteView bytes) noexcept {
  return answer_of(call, port().stage(call, arguments).send(bytes).commit().collect({}));
}

std::int64_t ask_receiving(Call call, Arguments arguments, core::ByteSpan into) noexcept {
  return answer_of(call, port().stage(call, arguments).receive(into.size()).commit().collect(into));
}

}  // namespace merlon::shim::linux
