#include "merlon/host/sgx/simulated/processor.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <sys/mman.h>
#include <sys/prctl.h>

#include "merlon/host/sgx/simulated/context.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::host::sgx::simulated {

using sallyport::Access;
using sallyport::FaultInfo;
using sallyport::SavedFrame;
using sallyport::SavedRegisters;

extern "C" {
void simulated_enter(std::uint32_t leaf, ::sgx_enclave_run* run);
void simulated_signal(int signal, ::siginfo_t* info, void* context);
std::uint64_t simulated_handle(int signal, ::siginfo_t* info, ::ucontext_t* context,
                               std::uint64_t thread_pointer) noexcept;
extern const std::uint8_t simulated_door[];
extern std::uint64_t simulated_thread_pointer;
extern bool simulated_asks_for_thread_pointer;
}

namespace {

static_assert(offsetof(::ucontext_t, uc_mcontext.gregs) + REG_RIP * sizeof(::greg_t) == 168);
constexpr std::uint64_t lowest_address = 0x1'0000;  // below nothing can be mapped
/// In the place of a leaf's number: EENTER was, by #GP.
constexpr std::uint32_t refused = ~std::uint32_t{0};
constexpr std::size_t signal_stack_size = std::size_t{256} << 10U;
constexpr std::uint32_t leaf_report = 0, leaf_key = 1, leaf_accept = 5, leaf_extend = 6,
                        leaf_enter = 2, leaf_resume = 3, leaf_exit = 4;
constexpr auto signals = std::array{SIGILL, SIGSEGV, SIGFPE, SIGBUS, SIGTRAP, SIGSYS};
constexpr std::uint8_t debug_exception = 1, invalid_opcode = 6, protection = 13, page_fault = 14;
constexpr std::uint32_t fault_of_sgx = 1U << 15U;
constexpr int by_a_filter = 1;                // si_code SYS_SECCOMP
constexpr std::uint64_t carry_flags = 0x8d5;  // arithmetic
constexpr std::uint64_t zero_flag = 0x40;
constexpr std::uint64_t trap_flag = 0x100;

/// The handler of a signal is told nothing of who is simulated.
constinit Processor* the_processor = nullptr;

os::Result<void> checked(int result) noexcept {
  if (result != 0) return os::last_errno();
  return {};
}

void* pointer(std::uint64_t address) noexcept {
  // SAFETY: an address of the enclave, which this process has reserved.
  return reinterpret_cast<void*>(address);
}

std::uint64_t read_thread_pointer() noexcept {
  std::uint64_t value = 0;
  // SAFETY: only reads: the first word there is its own address [psABI, thread-local storage].
  asm volatile("mov %%fs:0, %0" : "=r"(value));
  return value;
}

std::uint64_t word_at(core::ByteView bytes, std::size_t at) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes.data() + at, sizeof(word));
  return word;
}

}  // namespace

std::uint64_t simulated_handle(int signal, ::siginfo_t* info, ::ucontext_t* context,
                               std::uint64_t thread_pointer) noexcept {
  return the_processor->handle(signal, *info, *context, thread_pointer);
}

class Processor::Context : public simulated::Context {
 public:
  using simulated::Context::Context;
  std::uint64_t thread_pointer = 0;  ///< FS, now and afterwards
};

std::unique_ptr<Processor> Processor::make(Secrets secrets, CpuidPlaces cpuid,
                                           std::optional<Hostility> hostility) {
  std::unique_ptr<Processor> made(new Processor(std::move(secrets), std::move(cpuid), hostility));
  the_processor = made.get();
  return made;
}

Processor::~Processor() { the_processor = nullptr; }

os::Result<void> Processor::create() {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  constexpr std::uint64_t size = sallyport::enclave_size - lowest_address;
  const void* const got = ::mmap(pointer(lowest_address), size, PROT_NONE, flags, -1, 0);
  if (got == MAP_FAILED) return os::last_errno();
  // As of a real enclave, nothing of it is in a core image. Kernels may be without large pages.
  static_cast<void>(::madvise(pointer(lowest_address), size, MADV_HUGEPAGE));
  return checked(::madvise(pointer(lowest_address), size, MADV_DONTDUMP));
}

os::Result<void> Processor::add(image::EnclavePage page, Pages pages, core::ByteView bytes) {
  const std::uint64_t flags = image::secinfo_flags(page);
  const PageEntry entry{static_cast<PageType>((flags >> 8U) & 0xff),
                        static_cast<std::uint8_t>(flags & 7U)};
  for (std::uint64_t at = pages.address; at < pages.address + pages.size; at += page_size) {
    if (!map_.add(at, entry)) return os::Errno::Exist;
  }
  // Whoever cannot be told any more says why at the start.
  static_cast<void>(secrets_.add(static_cast<std::uint32_t>(flags),
                                 pages.address - sallyport::enclave_base, bytes, pages.size));
  if (!bytes.empty()) {
    TRY(checked(::mprotect(pointer(pages.address), pages.size, PROT_READ | PROT_WRITE)));
    std::ranges::copy(bytes, static_cast<std::uint8_t*>(pointer(pages.address)));
  }
  if (page == image::EnclavePage::ThreadControl) {
    constexpr std::size_t frames_at = 16, frame_count = 28, entry_at = 32;
    frames_at_ = word_at(bytes, frames_at);
    frames_ = static_cast<std::uint32_t>(word_at(bytes, frame_count));
    entry_ = word_at(bytes, entry_at);
  }
  const bool is_shims =
      pages.address >= sallyport::shim_start && pages.address < sallyport::shim_end;
  if (page == image::EnclavePage::ReadExecute && is_shims) {
    leaves_.look_for(pages.address, bytes);
    thread_pointers_.look_for(pages.address, bytes);
  }
  map_.map(pages.address, pages.address + pages.size, static_cast<Access>(flags & 7U));
  return protect(pages.address, pages.address + pages.size);
}

core::Result<void, HostError> Processor::start(core::ByteView sigstruct) {
  run_.tcs = sallyport::thread_control_page;
  // Not before: until here it is as it is measured.
  if (!cpuid_.hide_all()) {
    return HostError{core::ErrorCode::Internal,
                     "merlon-keep.cpuid, beside merlon-keep, is of another merlon-keep"};
  }
  if (!leaves_.hide_all()) {
    return HostError{core::ErrorCode::Internal, "cannot prepare the shim for this processor"};
  }
  simulated_asks_for_thread_pointer =
      !kernel_follows_thread_pointer() || (hostility_ && hostility_->is_on_an_old_kernel());
  if (simulated_asks_for_thread_pointer && !thread_pointers_.hide_all()) {
    return HostError{core::ErrorCode::Internal, "cannot prepare the shim for this kernel"};
  }
  return secrets_.start_enclave(sigstruct);
}

void Processor::map_later(std::uint64_t page) noexcept {
  if (page != accepted_.address + accepted_.size) {
    static_cast<void>(map_accepted());
    accepted_ = {page, 0};
  }
  accepted_.size += page_size;
}

os::Result<void> Processor::map_accepted() noexcept {
  const Pages pages = std::exchange(accepted_, {});
  return pages.size == 0 ? os::Result<void>{} : protect(pages.address, pages.address + pages.size);
}

bool Processor::ends_accepting(int signal, const Context& context) noexcept {
  if (accepted_.size == 0) return false;
  const bool faults = signal == SIGSEGV && context.get(REG_TRAPNO) == page_fault;
  const bool waited = faults && context.get(REG_CR2) - accepted_.address < accepted_.size;
  static_cast<void>(map_accepted());
  return waited;
}

/// Pages one behind the other that are to be mapped alike are mapped at once.
os::Result<void> Processor::protect(std::uint64_t start, std::uint64_t end) {
  std::uint64_t first = start;
  std::uint64_t next = start;
  int rights = PROT_NONE;
  const auto flush = [&]() -> os::Result<void> {
    if (first == next) return {};
    return checked(::mprotect(pointer(first), next - first, rights));
  };
  os::Result<void> result;
  map_.for_each(start, end, [&](std::uint64_t page, const PageEntry& /*entry*/) {
    const int reachable = map_.reachable(page);
    if (page != next || reachable != rights) {
      if (const auto flushed = flush(); !flushed) result = flushed;
      first = page;
      rights = reachable;
    }
    next = page + page_size;
  });
  if (const auto flushed = flush(); !flushed) result = flushed;
  return result;
}

os::Result<void> Processor::reach(Pages pages, Access access) {
  map_.map(pages.address, pages.address + pages.size, access);
  return protect(pages.address, pages.address + pages.size);
}

os::Result<void> Processor::restrict_rights(Pages pages, Access access) {
  const auto rights = static_cast<std::uint8_t>(static_cast<std::uint64_t>(access) & 7U);
  for (std::uint64_t at = pages.address; at < pages.address + pages.size; at += page_size) {
    PageEntry* const entry = map_.find(at);
    if (entry == nullptr || entry->type != PageType::Regular) return os::Errno::Inval;
    entry->rights &= rights;
    entry->restricted = true;
  }
  return protect(pages.address, pages.address + pages.size);
}

os::Result<void> Processor::trim(Pages pages) {
  for (std::uint64_t at = pages.address; at < pages.address + pages.size; at += page_size) {
    PageEntry* const entry = map_.find(at);
    if (entry == nullptr || entry->type != PageType::Regular) return os::Errno::Inval;
    entry->type = PageType::Trimmed;
    entry->modified = true;
    entry->restricted = false;
  }
  return protect(pages.address, pages.address + pages.size);
}

os::Result<void> Processor::remove(Pages pages) {
  for (std::uint64_t at = pages.address; at < pages.address + pages.size; at += page_size) {
    const PageEntry* const entry = map_.find(at);
    // The kernel removes only what the enclave has accepted as trimmed.
    if (entry == nullptr || entry->type != PageType::Trimmed || entry->modified) {
      return os::Errno::Perm;
    }
  }
  return take_away(pages);
}

os::Result<void> Processor::take_away(Pages pages) {
  TRY(checked(::mprotect(pointer(pages.address), pages.size, PROT_NONE)));
  TRY(checked(::madvise(pointer(pages.address), pages.size, MADV_DONTNEED)));
  for (std::uint64_t at = pages.address; at < pages.address + pages.size; at += page_size) {
    map_.remove(at);
  }
  return {};
}

/// For the thread that enters: a stack for its handlers, the handlers, and no system call from
/// where the enclave lies.
os::Result<void> Processor::prepare_thread() {
  void* const stack = ::mmap(nullptr, signal_stack_size, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return os::last_errno();
  ::stack_t alternative{};
  alternative.ss_sp = stack;
  alternative.ss_size = signal_stack_size;
  TRY(checked(::sigaltstack(&alternative, nullptr)));
  ::sigset_t unblocked;
  ::sigemptyset(&unblocked);
  for (const int signal : signals) {
    struct ::sigaction action{};
    action.sa_sigaction = &simulated_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    TRY(checked(::sigaction(signal, &action, signal == SIGSYS ? &refused_call_ : nullptr)));
    ::sigaddset(&unblocked, signal);
  }
  if (::pthread_sigmask(SIG_UNBLOCK, &unblocked, nullptr) != 0) return os::Errno::Inval;
  simulated_thread_pointer = read_thread_pointer();
  constexpr unsigned long allowed_size = (1UL << 47U) - sallyport::enclave_size;
  return checked(::prctl(PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, sallyport::enclave_size,
                         allowed_size, &blocks_system_calls_));
}

Left Processor::enter(Leaf leaf) {
  if (!is_prepared_) {
    is_prepared_ = true;
    if (!prepare_thread()) return {.way = Left::Way::Exception, .vector = protection};
  }
  simulated_enter(static_cast<std::uint32_t>(leaf), &run_);
  if (run_.function == leaf_exit) return {.reason = run_.user_data};
  if (run_.function == refused) return {.way = Left::Way::Refused};
  return {Left::Way::Exception, 0, run_.exception_vector, run_.exception_error_code,
          run_.exception_addr};
}

SavedFrame& Processor::frame(std::uint32_t index) const noexcept {
  // SAFETY: the frame's page is the enclave's, and mapped; nobody else touches it now.
  return *static_cast<SavedFrame*>(pointer(frames_at_ + index * page_size));
}

std::uint64_t Processor::handle(int signal, ::siginfo_t& info, ::ucontext_t& raw,
                                std::uint64_t thread_pointer) noexcept {
  if (signal == SIGSYS && info.si_code == by_a_filter && refused_call_.sa_sigaction != nullptr) {
    refused_call_.sa_sigaction(signal, &info, &raw);  // which ends this process
    return thread_pointer;
  }
  if (info.si_code <= 0) {  // sent by somebody, to this process: as if there were no handler
    static_cast<void>(::signal(signal, SIG_DFL));
    static_cast<void>(::raise(signal));
    return thread_pointer;
  }
  Context context(raw);
  context.thread_pointer = thread_pointer;
  // SAFETY: only compared.
  const auto door = reinterpret_cast<std::uint64_t>(simulated_door);
  // By HLT, among others.
  const bool is_protection = signal == SIGSEGV && context.get(REG_TRAPNO) == protection;
  if (!is_inside_) {
    if (is_protection && context.get(REG_RIP) == door) {
      context.get(REG_RAX) == leaf_resume ? resume(context) : enter_enclave(context);
    } else {
      // Ours: as if nobody had a handler.
      static_cast<void>(::signal(signal, SIG_DFL));
    }
    return context.thread_pointer;
  }
  ++stops_;
  constexpr std::uint64_t fetch = 16;
  const bool fetches = signal == SIGSEGV && context.get(REG_TRAPNO) == page_fault &&
                       (context.get(REG_ERR) & fetch) != 0;
  const bool is_leaf = is_protection && leaves_.has(context.get(REG_RIP));
  const bool accepts = is_leaf && context.get(REG_RAX) == leaf_accept;
  if (!accepts && ends_accepting(signal, context)) return context.thread_pointer;
  if (is_leaf) {
    run_leaf(context);
  } else if (signal == SIGTRAP && hostility_ && context.get(REG_TRAPNO) == debug_exception) {
    step(context);
  } else if (is_protection && thread_pointers_.carry_out(raw.uc_mcontext, context.thread_pointer)) {
    // It was what this kernel does not have.
  } else if (is_protection && has_impossible_stack(context)) {
    // The instruction is tried again with another one.
  } else if (fetches && cpuid_.come_back(context.get(REG_CR2) & ~(page_size - 1))) {
    // It goes on where it was.
  } else {
    const bool is_cpuid = is_protection && cpuid_.show(context.get(REG_RIP));
    const Exception exception =
        is_cpuid ? Exception{invalid_opcode, 0, 0} : exception_of(signal, context);
    interrupt(context, &exception);
  }
  return context.thread_pointer;
}

void Processor::run_leaf(Context& context) {
  switch (static_cast<std::uint32_t>(context.get(REG_RAX))) {
    case leaf_exit: leave(context); return;
    case leaf_report: report(context); return;
    case leaf_key: key(context); return;
    case leaf_accept: accept(context); return;
    case leaf_extend: extend(context); return;
    default: break;
  }
  const Exception forbidden{protection, 0, 0};
  interrupt(context, &forbidden);
}

/// EENTER. Registers but those that it names stay the host's.
void Processor::enter_enclave(Context& context) {
  if (interrupted_ >= frames_) {
    run_.function = refused;
    context.set(REG_RIP, context.get(REG_RCX));
    return;
  }
  outer_place_ = context.get(REG_RCX);
  outer_stack_ = context.get(REG_RSP);
  outer_frame_ = context.get(REG_RBP);
  context.set(REG_RAX, interrupted_);
  context.set(REG_RCX, context.get(REG_RIP) + size_of_enclu);
  context.set(REG_RIP, sallyport::enclave_base + entry_);
  context.thread_pointer = 0;  // OFSBASE
  const core::ByteSpan others = context.other_states();
  outside_state_.resize(others.size());
  std::ranges::copy(outside_state_, others.begin());
  context.set_states((context.states() & sallyport::enclave_extended_state) | outside_states_);
  auto& [stack, frame] = shown_[interrupted_] = {outer_stack_, outer_frame_};
  if (hostility_) {
    hostility_->spoil(context);
    context.set(REG_RSP, stack = hostility_->stack());
    context.set(REG_RBP, frame = hostility_->stack());
    look(context);
  }
  is_inside_ = true;
}

/// From here on an exception comes after each instruction.
void Processor::look(Context& context) {
  if (hostility_ && hostility_->begins_to_step()) {
    context.set(REG_EFL, context.get(REG_EFL) | trap_flag);
  }
}

/// The flag that brings us here is not the enclave's to see, nor to change: POPF is carried out
/// here.
void Processor::step(Context& context) {
  hostility_->act_meanwhile();
  if (hostility_->interrupts()) {
    interrupt(context, nullptr);
    return;
  }
  constexpr std::uint8_t popf = 0x9d;
  std::uint8_t opcode = 0;
  if (is_there(context.get(REG_RIP))) {
    std::memcpy(&opcode, pointer(context.get(REG_RIP)), sizeof(opcode));
  }
  std::uint64_t flags = context.get(REG_EFL);
  if (opcode == popf) {
    std::memcpy(&flags, pointer(context.get(REG_RSP)), sizeof(flags));
    context.set(REG_RSP, context.get(REG_RSP) + sizeof(flags));
    context.set(REG_RIP, context.get(REG_RIP) + 1);
  }
  const bool looks = hostility_->goes_on_stepping();
  context.set(REG_EFL, looks ? flags | trap_flag : flags & ~trap_flag);
}

/// Some hypervisors let no program have a stack at an address that no processor has: whoever owns
/// such a machine comes with another one.
bool Processor::has_impossible_stack(Context& context) noexcept {
  const std::uint64_t stack = context.get(REG_RSP);
  const std::uint64_t possible = possible_address(stack);
  if (stack == possible || stack != shown_[interrupted_][0]) return false;
  shown_[interrupted_][0] = possible;
  context.set(REG_RSP, possible);
  return true;
}

/// EEXIT.
void Processor::leave(Context& context) {
  context.set(REG_EFL, context.get(REG_EFL) & ~trap_flag);
  const auto& [stack, frame] = shown_[interrupted_];
  const bool is_back = context.get(REG_RSP) == stack && context.get(REG_RBP) == frame;
  if (!is_back || !context.is_clean(interrupted_ != 0)) {
    constexpr std::string_view line = "merlon: the enclave left something in its registers\n";
    static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
    os::end_process(launch::number(launch::ExitStatus::Trap));
  }
  context.set(REG_RIP, context.get(REG_RBX));
  context.set(REG_RCX, outer_place_);
  context.set(REG_RSP, outer_stack_);
  context.set(REG_RBP, outer_frame_);
  context.thread_pointer = simulated_thread_pointer;
  const core::ByteSpan others = context.other_states();
  outside_state_.assign(others.begin(), others.end());
  outside_states_ = context.states() & ~sallyport::enclave_extended_state;
  is_inside_ = false;
}

/// AEX.
void Processor::interrupt(Context& context, const Exception* exception) {
  SavedFrame& saved = frame(interrupted_);
  SavedRegisters& to = saved.registers;
  to.rax = context.get(REG_RAX);
  to.rcx = context.get(REG_RCX);
  to.rdx = context.get(REG_RDX);
  to.rbx = context.get(REG_RBX);
  to.rsp = context.get(REG_RSP);
  to.rbp = context.get(REG_RBP);
  to.rsi = context.get(REG_RSI);
  to.rdi = context.get(REG_RDI);
  to.r8 = context.get(REG_R8);
  to.r9 = context.get(REG_R9);
  to.r10 = context.get(REG_R10);
  to.r11 = context.get(REG_R11);
  to.r12 = context.get(REG_R12);
  to.r13 = context.get(REG_R13);
  to.r14 = context.get(REG_R14);
  to.r15 = context.get(REG_R15);
  to.rflags = context.get(REG_EFL) & ~trap_flag;
  to.rip = context.get(REG_RIP);
  to.outer_rsp = outer_stack_;
  to.outer_rbp = outer_frame_;
  to.fs_base = context.thread_pointer;
  to.exit_info = 0;
  if (exception != nullptr) {
    constexpr std::uint32_t hardware = 3U << 8U;
    to.exit_info = sallyport::exit_valid | hardware | exception->vector;
    saved.fault = {exception->address, exception->error, 0};
  }
  context.save_extended(saved.extended_state);
  const core::ByteSpan others = context.other_states();
  outside_state_.assign(others.begin(), others.end());
  outside_states_ = context.states() & ~sallyport::enclave_extended_state;
  context.clear_extended();
  ++interrupted_;
  is_inside_ = false;
  for (const int which : {REG_RDX, REG_RSI, REG_RDI, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12,
                          REG_R13, REG_R14, REG_R15}) {
    context.set(which, 0);
  }
  context.set(REG_RAX, leaf_resume);
  context.set(REG_RBX, run_.tcs);
  context.set(REG_RCX, outer_place_);
  context.set(REG_RSP, outer_stack_);
  context.set(REG_RBP, outer_frame_);
  context.set(REG_RIP, outer_place_);
  context.set(REG_EFL, context.get(REG_EFL) & ~(carry_flags | trap_flag));
  context.thread_pointer = simulated_thread_pointer;
  run_.function = leaf_enter;
  run_.exception_vector = exception != nullptr ? exception->vector : std::uint16_t{0};
  run_.exception_error_code =
      exception != nullptr ? static_cast<std::uint16_t>(exception->error) : std::uint16_t{0};
  // The kernel is told the page, not the address.
  run_.exception_addr = exception != nullptr ? exception->address & ~(page_size - 1) : 0;
}

/// ERESUME.
void Processor::resume(Context& context) {
  if (interrupted_ == 0) {
    run_.function = leaf_resume;
    run_.exception_vector = protection;
    context.set(REG_RIP, context.get(REG_RCX));
    return;
  }
  outer_place_ = context.get(REG_RCX);
  outer_stack_ = context.get(REG_RSP);
  outer_frame_ = context.get(REG_RBP);
  --interrupted_;
  const SavedFrame& saved = frame(interrupted_);
  const SavedRegisters& from = saved.registers;
  context.set(REG_RAX, from.rax);
  context.set(REG_RCX, from.rcx);
  context.set(REG_RDX, from.rdx);
  context.set(REG_RBX, from.rbx);
  context.set(REG_RSP, from.rsp);
  context.set(REG_RBP, from.rbp);
  context.set(REG_RSI, from.rsi);
  context.set(REG_RDI, from.rdi);
  context.set(REG_R8, from.r8);
  context.set(REG_R9, from.r9);
  context.set(REG_R10, from.r10);
  context.set(REG_R11, from.r11);
  context.set(REG_R12, from.r12);
  context.set(REG_R13, from.r13);
  context.set(REG_R14, from.r14);
  context.set(REG_R15, from.r15);
  context.set(REG_EFL, from.rflags);
  context.set(REG_RIP, from.rip);
  context.thread_pointer = from.fs_base;
  const core::ByteSpan others = context.other_states();
  outside_state_.resize(others.size());
  std::ranges::copy(outside_state_, others.begin());
  context.load_extended(saved.extended_state, outside_states_);
  look(context);
  is_inside_ = true;
}

/// The kernel adds a page where the process has mapped one that is not there, as it should be used.
bool Processor::add_by_fault(std::uint64_t page, int wanted) {
  if (map_.find(page) != nullptr) return false;
  const auto mapped = static_cast<std::uint64_t>(map_.mapping_of(page));
  if (mapped == 0 || (mapped & static_cast<std::uint64_t>(wanted)) == 0) return false;
  constexpr std::uint8_t read_write = 3;
  return map_.add(page, {PageType::Regular, read_write, true, false, false});
}

/// Whether it was, before the leaf does anything.
bool Processor::misses_operand(Context& context, std::uint64_t address) {
  if (is_there(address)) return false;
  const Exception missing{page_fault, 0, address};
  interrupt(context, &missing);
  return true;
}

std::optional<Accepted> Processor::accept_page(std::uint64_t page, std::uint64_t flags) {
  if (map_.find(page) == nullptr && !add_by_fault(page, PROT_READ | PROT_WRITE)) return {};
  const Accepted accepted = map_.accept(page, flags);
  map_later(page);
  return accepted;
}

/// What is between two leaves of the loop changes rcx, and what the next leaf changes anyway.
void Processor::accept_those_behind(Context& context, std::uint64_t flags) {
  const std::uint64_t end = context.get(REG_RDX);
  std::uint64_t page = context.get(REG_RCX);
  while (page + page_size < end && accept_page(page + page_size, flags) == Accepted::Yes) {
    page += page_size;
  }
  context.set(REG_RCX, page);
}

void Processor::accept(Context& context) {
  const std::uint64_t operand = context.get(REG_RBX);
  if (misses_operand(context, operand)) return;
  if (operand - accepted_.address < accepted_.size) static_cast<void>(map_accepted());
  const std::uint64_t page = context.get(REG_RCX);
  std::uint64_t flags = 0;
  std::memcpy(&flags, pointer(operand), sizeof(flags));
  const std::optional<Accepted> accepted = accept_page(page, flags);
  if (!accepted) {
    const Exception missing{page_fault, 0, page};
    interrupt(context, &missing);
    return;
  }
  context.set(REG_RAX, static_cast<std::uint64_t>(*accepted));
  const std::uint64_t kept = context.get(REG_EFL) & ~carry_flags;
  context.set(REG_EFL, *accepted == Accepted::Yes ? kept : kept | zero_flag);
  // Whoever owns a hostile processor looks at each of them.
  const bool goes_on = *accepted == Accepted::Yes && !hostility_;
  if (goes_on && leaves_.accepts_a_row(context.get(REG_RIP))) accept_those_behind(context, flags);
  context.set(REG_RIP, context.get(REG_RIP) + size_of_enclu);
}

void Processor::extend(Context& context) {
  if (misses_operand(context, context.get(REG_RBX))) return;
  const std::uint64_t page = context.get(REG_RCX);
  PageEntry* const entry = map_.find(page);
  if (entry == nullptr || entry->pending || entry->modified || entry->type != PageType::Regular) {
    const Exception forbidden{page_fault, fault_of_sgx, page};
    interrupt(context, &forbidden);
    return;
  }
  std::uint64_t flags = 0;
  std::memcpy(&flags, pointer(context.get(REG_RBX)), sizeof(flags));
  entry->rights |= static_cast<std::uint8_t>(flags & 7U);
  static_cast<void>(protect(page, page + page_size));
  context.set(REG_RIP, context.get(REG_RIP) + size_of_enclu);
}

namespace {

/// `size` bytes at an operand of a leaf, which lies in the enclave.
core::ByteView operand(std::uint64_t address, std::size_t size) noexcept {
  return {static_cast<const std::uint8_t*>(pointer(address)), size};
}
void put(std::uint64_t address, core::ByteView bytes) noexcept {
  std::ranges::copy(bytes, static_cast<std::uint8_t*>(pointer(address)));
}

}  // namespace

/// EREPORT: TARGETINFO at rbx, REPORTDATA at rcx, the report to rdx.
void Processor::report(Context& context) {
  const auto made = secrets_.report(operand(context.get(REG_RBX), Secrets::target_size),
                                    operand(context.get(REG_RCX), Secrets::data_size));
  if (!made) {
    const Exception forbidden{protection, 0, 0};
    interrupt(context, &forbidden);
    return;
  }
  put(context.get(REG_RDX), *made);
  context.set(REG_RIP, context.get(REG_RIP) + size_of_enclu);
}

/// EGETKEY: KEYREQUEST at rbx, the key to rcx.
void Processor::key(Context& context) {
  const auto made = secrets_.key(operand(context.get(REG_RBX), Secrets::request_size));
  if (!made && made.error().code == 0) {
    const Exception forbidden{protection, 0, 0};
    interrupt(context, &forbidden);
    return;
  }
  if (made) put(context.get(REG_RCX), *made);
  const std::uint64_t kept = context.get(REG_EFL) & ~carry_flags;
  context.set(REG_EFL, made ? kept : kept | zero_flag);
  context.set(REG_RAX, made ? 0 : made.error().code);
  context.set(REG_RIP, context.get(REG_RIP) + size_of_enclu);
}

Processor::Exception Processor::exception_of(int signal, const Context& context) {
  constexpr std::uint64_t size_of_system_call = 2;
  if (signal == SIGILL) return {invalid_opcode, 0, 0};
  if (signal == SIGSYS) {
    // SAFETY: the instruction had no effect but on rcx and r11, which no call keeps.
    const_cast<Context&>(context).set(REG_RIP, context.get(REG_RIP) - size_of_system_call);
    return {invalid_opcode, 0, 0};
  }
  const auto vector = static_cast<std::uint8_t>(context.get(REG_TRAPNO));
  if (vector != page_fault) return {vector, 0, 0};
  const std::uint64_t address = context.get(REG_CR2);
  constexpr std::uint64_t write = 2, fetch = 16;
  const std::uint64_t error = context.get(REG_ERR);
  const int wanted = (error & write) != 0   ? PROT_WRITE
                     : (error & fetch) != 0 ? PROT_EXEC
                                            : PROT_READ;
  const bool added = add_by_fault(address & ~(page_size - 1), wanted);
  return {page_fault, static_cast<std::uint32_t>(error) | (added ? fault_of_sgx : 0), address};
}

}  // namespace merlon::host::sgx::simulated
