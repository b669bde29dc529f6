#include "merlon/host/sgx/keep_enclave.h"

#include <algorithm>

#include <sys/mman.h>
#include <x86intrin.h>

#include "merlon/base/instructions.h"
#include "merlon/base/text.h"
#include "merlon/host/machine_process.h"
#include "merlon/host/sgx/loader.h"
#include "merlon/image/elf.h"
#include "merlon/image/enclave_layout.h"
#include "merlon/os/clock.h"
#include "merlon/os/processor.h"
#include "merlon/os/thread.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx {

using base::concat;
using core::ErrorCode;
using sallyport::Access;
using sallyport::EnclaveExit;
using sallyport::PageChange;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

constexpr std::uint64_t page_size = 4096;

HostError failed(os::Errno number, std::string_view what) {
  return {ErrorCode::Internal, concat(what, ": ", os::describe(number))};
}

constexpr std::uint64_t number(EnclaveExit reason) noexcept {
  return static_cast<std::uint64_t>(reason);
}

/// Nothing from a system without a clock.
CounterReading read_counter() noexcept {
  return {__rdtsc(), os::now(os::Clock::Monotonic).value_or(0)};
}

/// Leaf 0x15, where the counter neither stops nor changes; zeros otherwise.
base::CpuidRegisters counter_facts() noexcept {
  constexpr std::uint32_t power = 0x8000'0007, invariant = 1U << 8U;
  if (os::cpuid(0).eax < counter_leaf || os::cpuid(0x8000'0000).eax < power) return {};
  return (os::cpuid(power).edx & invariant) != 0 ? os::cpuid(counter_leaf) : base::CpuidRegisters{};
}

/// An access that a keep named; nothing for what is none.
std::optional<Access> access_of(std::uint64_t number) noexcept {
  for (const Access access : {Access::None, Access::Read, Access::ReadWrite, Access::ReadExecute}) {
    if (static_cast<std::uint64_t>(access) == number) return access;
  }
  return std::nullopt;
}

}  // namespace

std::string lacking_in_enclaves(const base::CpuidTable& processor) {
  std::string names;
  for (const base::Instructions& each : base::instruction_sets) {
    const bool is_7 = each.leaf == 7 && each.subleaf == 0;
    const std::uint32_t promised =
        each.leaf == 1 && each.where == base::CpuidRegister::Ecx ? sallyport::enclave_instructions_1
        : is_7 && each.where == base::CpuidRegister::Ebx         ? sallyport::enclave_instructions_7
        : each.leaf == 0x8000'0001 && each.where == base::CpuidRegister::Ecx
            ? sallyport::enclave_instructions_extended
            : 0;
    base::CpuidRegisters has = processor.answer(each.leaf, each.subleaf);
    if ((promised & each.mask() & ~base::word_of(has, each.where)) == 0) continue;
    names += concat(names.empty() ? "" : ", ", each.name);
  }
  return names;
}

KeepEnclave::~KeepEnclave() = default;

Result<std::unique_ptr<KeepEnclave>> KeepEnclave::create(std::unique_ptr<Driver> driver,
                                                         Quoting quoting,
                                                         const Contents& contents) {
  const std::string lacking = lacking_in_enclaves(os::instruction_leaves());
  if (!lacking.empty()) {
    return HostError{ErrorCode::Unavailable, concat("this processor lacks ", lacking)};
  }
  std::unique_ptr<KeepEnclave> made(new KeepEnclave(std::move(driver), std::move(quoting)));
  made->began_ = read_counter();
  TRY(made->make_block());
  TRY(made->load(contents));
  return made;
}

Result<void> KeepEnclave::make_block() {
  constexpr std::uint64_t size = sallyport::enclave_block_size;
  static_assert(size % page_size == 0);
  // SAFETY: an address of this process that nothing lies at, or the kernel says so.
  void* const wanted = reinterpret_cast<void*>(sallyport::enclave_block);
  void* const got = ::mmap(wanted, size, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (got == MAP_FAILED) return failed(os::last_errno(), "cannot make the block");
  block_.emplace(core::ByteSpan(static_cast<std::uint8_t*>(got), size));
  return {};
}

Result<void> KeepEnclave::load(const Contents& contents) {
  const auto shim = image::parse_elf(contents.shim.bytes());
  if (!shim) {
    return HostError{shim.error().code, concat("merlon-shim-sgx: ", shim.error().message())};
  }
  const auto keep = image::parse_elf(contents.keep.bytes());
  if (!keep) return HostError{keep.error().code, concat("merlon-keep: ", keep.error().message())};
  if (const auto created = driver_->create(); !created) {
    return failed(created.error(), "cannot make an enclave");
  }
  Loader loader(*driver_);
  const auto laid_out = image::lay_out_enclave(*shim, *keep, loader);
  if (!laid_out) {
    return HostError{laid_out.error().code,
                     concat("cannot lay out the keep: ", laid_out.error().message())};
  }
  TRY(driver_->start(contents.sigstruct));
  constexpr Pages book{sallyport::page_book_start,
                       sallyport::page_book_end - sallyport::page_book_start};
  constexpr Pages stack{sallyport::stack_end - sallyport::stack_size, sallyport::stack_size};
  for (const Pages pages : {book, stack}) {
    if (const auto reached = driver_->reach(pages, Access::ReadWrite); !reached) {
      return failed(reached.error(), "cannot map the enclave");
    }
  }
  tell_time();
  return {};
}

/// The enclave reads the same counter. Where it is not known how fast that runs, the keep asks each
/// time.
void KeepEnclave::tell_time() {
  sallyport::HostTime time{};
  const auto monotonic = os::now(os::Clock::Monotonic);
  const auto realtime = os::now(os::Clock::Realtime);
  const CounterReading now = read_counter();
  if (monotonic && realtime) {
    time = {counter_khz(counter_facts(), began_, now), now.ticks, *monotonic, *realtime};
  }
  sallyport::tell_time(*block_, time);
}

std::string KeepEnclave::statistics_text() const {
  return concat(described_calls(counts()), "; exceptions: ", exceptions_);
}

Result<void> KeepEnclave::answer() {
  const auto request = sallyport::take_request(*block_, sequence_ + 1);
  if (!request) {
    return HostError{ErrorCode::Malformed, concat("backend sgx: ", request.error().message())};
  }
  sequence_ = request->sequence;
  sallyport::answer(*block_, *request, calls().carry_out(*request));
  return {};
}

Result<int> KeepEnclave::serve() {
  Leaf next = Leaf::Enter;
  for (;;) {
    const Left left = driver_->enter(next);
    next = left.way == Left::Way::Refused ? Leaf::Resume : Leaf::Enter;
    if (left.way != Left::Way::Exit) {
      ++exceptions_;
      continue;  // it looks itself at what happened
    }
    if (left.reason == number(EnclaveExit::Asks)) {
      TRY(answer());
      if (calls().ended()) return *calls().ended();
    } else if (left.reason == number(EnclaveExit::Resume)) {
      next = Leaf::Resume;
    } else {
      const bool stuck = left.reason == number(EnclaveExit::Stuck);
      return HostError{ErrorCode::Internal, stuck ? "the keep crashed: its shim was interrupted"
                                                  : "the keep crashed: it was left for no reason"};
    }
  }
}

Result<int> KeepEnclave::run() {
  struct Running {
    KeepEnclave* self;
    std::optional<Result<int>> result;
  } running{this, std::nullopt};
  {
    const auto thread = os::Thread::start(
        [](void* given) noexcept {
          auto* const mine = static_cast<Running*>(given);
          mine->result.emplace(mine->self->serve());
        },
        &running);
    if (!thread) return failed(thread.error(), "cannot start the enclave's thread");
  }
  return *std::move(running.result);
}

std::optional<sallyport::MemoryRange> KeepEnclave::grow(std::uint64_t /*bytes*/) {
  return std::nullopt;
}
bool KeepEnclave::release(sallyport::MemoryRange /*range*/) { return false; }

/// Only pages of the enclave, and not its thread's.
sallyport::Outcome KeepEnclave::change_pages(const sallyport::Arguments& arguments) {
  const auto& [address, size, what, access_number] = arguments;
  const auto access = access_of(access_number);
  const bool is_outside = address < sallyport::page_book_start || size == 0 ||
                          address % page_size != 0 || size % page_size != 0 ||
                          address >= sallyport::enclave_size ||
                          size > sallyport::enclave_size - address;
  if (is_outside || !access) return {-EINVAL, 0};
  const Pages pages{address, size};
  const auto done = [&]() -> os::Result<void> {
    switch (static_cast<PageChange>(what)) {
      case PageChange::Reach: return driver_->reach(pages, *access);
      case PageChange::Restrict: return driver_->restrict_rights(pages, *access);
      case PageChange::Trim: return driver_->trim(pages);
      case PageChange::Remove: return driver_->remove(pages);
    }
    return os::Errno::Inval;
  }();
  return {done ? 0 : -static_cast<std::int64_t>(done.error()), 0};
}

sallyport::Outcome KeepEnclave::attest(const sallyport::Request& request) {
  return quoting_.answer(request);
}

}  // namespace merlon::host::sgx
