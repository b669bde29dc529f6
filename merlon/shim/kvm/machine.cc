#include "merlon/shim/kvm/machine.h"

#include <array>

#include "merlon/shim/kvm/keep.h"

namespace merlon::shim {

using sallyport::Arguments;
using sallyport::Call;

extern "C" void flush_by_exception() noexcept;
extern "C" void flush_page_by_exception(std::uint64_t page) noexcept;

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

void flush_translations() noexcept {
  if (boot_info().world == sallyport::World::Collapsed) {
    flush_by_exception();
    return;
  }
  std::uint64_t table = 0;
  // SAFETY: the same tables again, which only drops translations.
  asm volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(table) : : "memory");
}

void flush_translation(std::uint64_t page) noexcept {
  if (boot_info().world == sallyport::World::Collapsed) {
    flush_page_by_exception(page);
    return;
  }
  // SAFETY: drops one translation; the page need not be mapped.
  asm volatile("invlpg (%0)" : : "r"(page) : "memory");
}

/// Broken sources say that they are good and give zeros, ones, or the same again.
std::uint64_t hardware_random() noexcept {
  constexpr int attempts = 1000;  // more than Intel and AMD advise
  for (int i = 0; i < attempts; ++i) {
    std::uint64_t value = 0;
    bool good = false;
    // SAFETY: the launcher refuses a processor without rdrand; the value counts only if `good`.
    asm volatile("rdrand %0; setc %1" : "=r"(value), "=qm"(good) : : "cc");
    if (good && keep().randomness.takes(value)) return value;
  }
  give_up("the processor's random numbers have run out");
}

std::int64_t answer_of(Call call, sallyport::Answer<std::uint64_t> answer) noexcept {
  if (answer) return static_cast<std::int64_t>(*answer);
  const sallyport::Failure failure = answer.error();
  if (failure.violation == sallyport::Violation::None) return -failure.number;
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

}  // namespace merlon::shim
