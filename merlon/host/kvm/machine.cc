#include "merlon/host/kvm/machine.h"

#include <algorithm>
#include <cstring>

#include <x86intrin.h>

#include "merlon/base/instructions.h"
#include "merlon/base/text.h"
#include "merlon/host/backend.h"
#include "merlon/host/kvm/loader.h"
#include "merlon/host/kvm/measured_loader.h"
#include "merlon/host/kvm/trial.h"
#include "merlon/image/elf.h"
#include "merlon/os/clock.h"
#include "merlon/os/processor.h"
#include "merlon/os/system.h"

namespace merlon::host::kvm {

using base::concat;
using sallyport::MemoryRange;
using sallyport::World;

namespace {

template <typename T>
using Result = core::Result<T, HostError>;

constexpr std::uint32_t msr_tsc = 0x10;
constexpr std::uint32_t no_user_code = std::uint32_t{1} << 7U;       // leaf 7 ebx
constexpr std::uint64_t cr4_no_user_code = std::uint64_t{1} << 20U;  // SMEP
constexpr std::uint64_t smallest_growth = std::uint64_t{2} << 20U;
constexpr std::size_t max_slots = 500;
/// So much of its free memory a keep gets in small pages: to clear 2 MiB takes longer than hello.
/// Not where a page's first use is dear: there a large page pays for itself after two or three.
constexpr std::uint64_t small_start = std::uint64_t{8} << 20U;
constexpr std::uint32_t dear_fault = 50'000;  // ticks: 20 us or so

/// What every keep touches before it runs a workload, about; its stack ends where free memory
/// starts.
constexpr std::uint64_t first_stack = std::uint64_t{32} << 10U;
constexpr std::uint64_t first_heap = std::uint64_t{192} << 10U;

/// How many bytes of the program lie in the 2 MiB from `start` on.
std::uint64_t bytes_within(const image::Program& program, std::uint64_t start) noexcept {
  std::uint64_t bytes = 0;
  for (const image::Segment& segment : program.segments) {
    const std::uint64_t from = std::max(segment.address, start);
    const std::uint64_t to = std::min(segment.address + segment.memory_size, start + large_page);
    if (from < to) bytes += to - from;
  }
  return bytes;
}

HostError kvm_error(os::Errno number, std::string_view what) {
  return {core::ErrorCode::Internal, concat(what, ": ", os::describe(number))};
}

template <typename T>
Result<T> checked(os::Result<T> result, std::string_view what) {
  if (!result) return kvm_error(result.error(), what);
  if constexpr (std::is_void_v<T>) {
    return {};
  } else {
    return *std::move(result);
  }
}

HostError unfit(std::string_view why) { return {core::ErrorCode::Unavailable, std::string(why)}; }

HostError image_error(const core::Error& error, std::string_view what) {
  return {error.code, concat(what, ": ", error.message())};
}

std::uint64_t monotonic() noexcept {
  const auto time = os::now(os::Clock::Monotonic);
  return time ? *time : 0;
}

/// Before there is a processor, which KVM would have to wait for.
Result<void> show(const VirtualMachine& machine, const MachineMemory& memory) {
  std::uint32_t slot = 0;
  for (const MemoryPart& part : memory.parts()) {
    TRY(checked(machine.add_memory(slot++, part.base(), part.bytes()), "cannot add memory"));
  }
  return {};
}

}  // namespace

::kvm_sregs first_registers(const ::kvm_sregs& from, std::uint64_t page_table,
                            const image::KeepProcessor& seen, World world) {
  ::kvm_sregs special = long_mode(from, 0, page_table, seen.extended_state != 0);
  if (world != World::Collapsed && (seen.cpuid.answer(7).ebx & no_user_code) != 0)
    special.cr4 |= cr4_no_user_code;
  return special;
}

KeepMachine::KeepMachine(VirtualMachine machine, Processor processor, MachineMemory memory) noexcept
    : machine_(std::move(machine)),
      processor_(std::move(processor)),
      memory_(std::move(memory)),
      calls_(*this) {}

Result<std::unique_ptr<KeepMachine>> KeepMachine::create(
    const os::FileMapping& shim, const os::FileMapping& keep, std::optional<World> world,
    std::optional<SimulatedFirmware> firmware) {
  auto machine = VirtualMachine::create();
  if (!machine) {
    return HostError{core::ErrorCode::Unavailable, why_no_kvm(machine.error())};
  }
  auto memory = MachineMemory::initial();
  if (!memory) return kvm_error(memory.error(), "cannot make memory");
  TRY(show(*machine, *memory));
  auto processor = machine->create_processor();
  if (!processor) return kvm_error(processor.error(), "cannot make a processor");
  std::unique_ptr<KeepMachine> made(
      new KeepMachine(*std::move(machine), *std::move(processor), *std::move(memory)));
  made->firmware_ = std::move(firmware);
  TRY(made->prepare(world));
  TRY(made->load(shim, keep));
  return made;
}

Result<void> KeepMachine::prepare(std::optional<World> world) {
  TRY(give_processor());
  const Trial trial = TRY(checked(try_machine(processor_, memory_), "cannot try the machine"));
  if (!trial.lacking.empty()) {
    return unfit(concat("a machine's processor lacks ", trial.lacking, " here"));
  }
  if (!trial.runs_compiled_code) {
    return unfit("a machine's processor has AVX2 and BMI here, and does not run them");
  }
  world_ = world.value_or(trial.world);
  faults_are_dear_ = trial.fault_ticks > dear_fault;
  const auto block = memory_.find(image::block_base, image::block_size);
  if (!block) return kvm_error(os::Errno::Nomem, "cannot find the block");
  block_.emplace(*block);
  return {};
}

/// KVM does not say which extended states it takes together; it is asked for the largest first.
Result<void> KeepMachine::give_processor() {
  constexpr std::string_view what = "cannot set up the processor";
  const base::CpuidTable offered = TRY(checked(machine_.supported_cpuid(), what));
  base::CpuidTable own = os::instruction_leaves();
  const std::uint64_t own_state = os::extended_state(own);
  const image::HostProcessor host{std::move(own), own_state};
  for (const std::uint64_t taken : image::extended_states) {
    seen_ = image::keep_processor(host, offered, taken);
    const std::string lacking = base::lacking_instructions(seen_.cpuid, seen_.extended_state);
    if (!lacking.empty()) return unfit(concat("KVM's processor lacks ", lacking, " here"));
    TRY(checked(processor_.set_cpuid(seen_.cpuid), what));
    if (processor_.set_extended_state(seen_.extended_state)) return {};
  }
  return unfit("KVM lets no processor have AVX here");
}

Result<void> KeepMachine::load(const os::FileMapping& shim_file, const os::FileMapping& keep_file) {
  const auto shim = image::parse_elf(shim_file.bytes());
  if (!shim) return image_error(shim.error(), "merlon-shim-kvm");
  const auto keep = image::parse_elf(keep_file.bytes());
  if (!keep) return image_error(keep.error(), "merlon-keep");
  prefer_large_pages(image::placed(*keep, form()));
  const auto layout = lay_out(*shim, *keep);
  if (!layout) return layout.error();
  free_ = layout->free;
  memory_.prefer_large_pages(free_ + (faults_are_dear_ ? 0 : small_start));
  memory_.make_pages(layout->free - first_stack, first_stack + first_heap);
  const auto started = start(*layout);
  if (!started) return kvm_error(started.error(), "cannot start the processor");
  return {};
}

/// The program is copied into large pages: a page of its file that the machine touches costs a
/// fault of its own, and where ring 0 is emulated these are most of a short run. One of which the
/// program needs little is not worth being cleared.
void KeepMachine::prefer_large_pages(const image::Program& keep) {
  for (std::uint64_t at = 0; at < keep.end(); at += large_page) {
    if (bytes_within(keep, at) < large_page / 4) continue;
    memory_.prefer_large_pages(image::main_base + at, large_page);
  }
}

image::MachineForm KeepMachine::form() const noexcept {
  return {.world = world_, .attested = firmware_.has_value()};
}

Result<image::Layout> KeepMachine::lay_out(const image::Program& shim, const image::Program& keep) {
  constexpr std::string_view what = "cannot lay out the keep";
  Loader loader(memory_);
  if (!firmware_) {
    const auto layout = image::lay_out(shim, keep, form(), loader);
    return layout ? Result<image::Layout>(*layout) : image_error(layout.error(), what);
  }
  const auto layout = lay_out_attested(shim, keep, loader);
  if (layout) return *layout;
  if (firmware_->refusal()) return *firmware_->refusal();
  const bool refused = layout.error().code == core::ErrorCode::Denied;
  return refused ? HostError{layout.error().code, std::string(layout.error().message())}
                 : image_error(layout.error(), what);
}

core::Result<image::Layout> KeepMachine::lay_out_attested(const image::Program& shim,
                                                          const image::Program& keep,
                                                          image::PageSink& loader) {
  firmware_->begin();
  MeasuredLoader measured(*firmware_, loader);
  auto layout = TRY(image::lay_out(shim, keep, form(), measured));
  TRY(firmware_->finish(world_));
  return layout;
}

os::Result<void> KeepMachine::start(const image::Layout& layout) {
  TRY(processor_.set_special_registers(
      first_registers(TRY(processor_.special_registers()), layout.page_table, seen_, world_)));
  ::kvm_regs registers{};
  registers.rip = layout.entry;
  registers.rdi = image::boot_page;
  registers.rflags = 2;
  TRY(processor_.set_registers(registers));
  tell_time();
  return {};
}

/// The guest's counter may start elsewhere than ours.
void KeepMachine::tell_time() {
  sallyport::HostTime time{};
  const auto monotonic = os::now(os::Clock::Monotonic);
  const auto realtime = os::now(os::Clock::Realtime);
  const auto guest = processor_.model_register(msr_tsc);
  if (monotonic && realtime && guest) {
    time = {processor_.tsc_khz(), *guest, *monotonic, *realtime};
  }
  sallyport::tell_time(*block_, time);
}

os::Result<CounterReading> KeepMachine::read_counter() const {
  const std::uint64_t ticks = TRY(processor_.model_register(msr_tsc));
  return CounterReading{processor_.tsc_khz(), ticks, TRY(os::now(os::Clock::Monotonic))};
}

/// The keep knows the time by its counter: it is to show what it would show if it had gone on.
os::Result<void> KeepMachine::continue_counter(const CounterReading& then) const {
  if (then.khz == 0) return {};  // its keep asks for the time
  const auto expected = [&](std::uint64_t monotonic) {
    const std::uint64_t passed = monotonic - then.monotonic;
    constexpr std::uint64_t per_khz = 1'000'000;
    return then.ticks + passed / per_khz * then.khz + passed % per_khz * then.khz / per_khz;
  };
  const std::array set{Register{msr_tsc, expected(TRY(os::now(os::Clock::Monotonic)))}};
  TRY(processor_.set_model_registers(set));
  // A machine may have no counter of its own, and then it has gone on.
  const CounterReading now = TRY(read_counter());
  const std::uint64_t should = expected(now.monotonic);
  const std::uint64_t wrong = now.ticks > should ? now.ticks - should : should - now.ticks;
  constexpr std::uint64_t milliseconds = 5;
  return wrong > milliseconds * then.khz ? os::Result<void>(os::Errno::Notsup) : os::Result<void>();
}

core::Result<void> KeepMachine::save(os::BorrowedFd file, os::BorrowedFd pagemap,
                                     const launch::Preparation& preparation) {
  if (firmware_) {
    return core::error(core::ErrorCode::Denied, "an attested keep is in no snapshot");
  }
  constexpr std::size_t given = launch::keep_descriptor + 1;
  if (calls_.descriptors().count() != given) {
    return core::error(core::ErrorCode::Denied, "a keep that has files is in no snapshot");
  }
  constexpr const char* what = "cannot save the machine";
  if (const auto done = processor_.finish_exit(); !done) return os::to_error(done.error(), what);
  Snapshot snapshot;
  snapshot.world = world_;
  snapshot.network = preparation.network;
  snapshot.directories = preparation.directories;
  snapshot.faults_are_dear = faults_are_dear_;
  snapshot.sequence = sequence_ - 1;
  snapshot.next_base = next_base_;
  snapshot.free = free_;
  snapshot.seen = seen_;
  const auto counter = read_counter();
  auto state = processor_.state();
  auto runs = used_runs(memory_, pagemap);
  if (!counter || !state || !runs) {
    return core::error(core::ErrorCode::Unavailable, what);
  }
  snapshot.counter = *counter;
  snapshot.processor = *std::move(state);
  for (const MemoryPart& part : memory_.parts()) {
    snapshot.parts.push_back({part.base(), part.bytes().size()});
  }
  snapshot.runs = *std::move(runs);
  const auto written = write_snapshot(file, snapshot, memory_);
  if (!written) return os::to_error(written.error(), what);
  return {};
}

Result<KeepMachine::Empty> KeepMachine::empty() {
  auto machine = VirtualMachine::create();
  if (!machine) {
    return HostError{core::ErrorCode::Unavailable, why_no_kvm(machine.error())};
  }
  auto processor = TRY(checked(machine->create_processor(), "cannot make a processor"));
  return Empty{*std::move(machine), std::move(processor)};
}

Result<std::unique_ptr<KeepMachine>> KeepMachine::restore(Empty empty, os::BorrowedFd file,
                                                          const Snapshot& snapshot) {
  auto memory = TRY(checked(map_snapshot(file, snapshot), "cannot make memory"));
  TRY(show(empty.machine, memory));
  std::unique_ptr<KeepMachine> made(
      new KeepMachine(std::move(empty.machine), std::move(empty.processor), std::move(memory)));
  TRY(made->resume(snapshot));
  return made;
}

Result<void> KeepMachine::resume(const Snapshot& snapshot) {
  seen_ = snapshot.seen;
  world_ = snapshot.world;
  faults_are_dear_ = snapshot.faults_are_dear;
  free_ = snapshot.free;
  next_base_ = snapshot.next_base;
  sequence_ = snapshot.sequence;
  memory_.prefer_large_pages(free_ + (faults_are_dear_ ? 0 : small_start));
  constexpr std::string_view what = "cannot set up the processor";
  TRY(checked(processor_.set_cpuid(seen_.cpuid), what));
  TRY(checked(processor_.set_extended_state(seen_.extended_state), what));
  TRY(checked(processor_.set_state(snapshot.processor), what));
  TRY(checked(continue_counter(snapshot.counter), "its clock cannot go on"));
  const auto block = memory_.find(image::block_base, image::block_size);
  if (!block) return kvm_error(os::Errno::Nomem, "cannot find the block");
  block_.emplace(*block);
  bell_rings_ = true;
  return {};
}

void KeepMachine::serve(const sallyport::Request& request) {
  sequence_ = request.sequence;
  sallyport::answer(*block_, request, calls_.carry_out(request));
}

/// True when the keep has ended.
Result<bool> KeepMachine::answer_bell() {
  const std::scoped_lock serving(serving_);
  if (firmware_ && firmware_->refusal()) return *firmware_->refusal();
  // The attendant may have been here between the keep's patience and its bell.
  if (!has_request()) return false;
  const auto request = sallyport::take_request(*block_, sequence_ + 1);
  if (!request) {
    return HostError{core::ErrorCode::Malformed,
                     concat("backend kvm: ", request.error().message())};
  }
  // It rang though we attend: the attendant has no processor to run on, and shall not be waited
  // for.
  set_attended(false);
  const bool often = pace_.ring(monotonic());
  serve(*request);
  // There is no point in a keep that cannot prove itself, and its owner learns the reason.
  if (firmware_ && firmware_->refusal()) return *firmware_->refusal();
  pace_.rest(monotonic());
  if (often) attend();
  return calls_.ended().has_value();
}

/// Most keeps ask so little that they need no attendant; without one all goes on as before.
void KeepMachine::attend() {
  if (make_attendant()) attendant_->wake();
}

bool KeepMachine::make_attendant() {
  if (attendant_) return true;
  // On one processor the attendant would only take time from the keep that it waits for.
  if (os::Processors::usable().count() < 2) return false;
  auto started = Attendant::start(*this);
  if (!started) return false;
  attendant_ = *std::move(started);
  return true;
}

void KeepMachine::set_attended(bool attended) noexcept {
  sallyport::set_attended(*block_, attended);
}

bool KeepMachine::has_request() const noexcept {
  return sallyport::has_request_after(*block_, sequence_);
}

bool KeepMachine::serve_unasked() noexcept {
  const std::scoped_lock serving(serving_);
  if (!has_request()) return true;
  const auto request = sallyport::take_request(*block_, sequence_ + 1);
  // What ends the keep ends the loop of its processor, which is another thread's.
  if (!request || request->call == sallyport::Call::Exit) return false;
  ++statistics_.unasked;
  set_attended(true);
  serve(*request);
  return true;
}

HostError KeepMachine::stopped(Stop stop) const {
  if (stop == Stop::Shutdown) {
    return {core::ErrorCode::Internal, "the keep crashed: its processor shut down"};
  }
  return {core::ErrorCode::Internal,
          concat("the keep crashed: its processor stopped (KVM exit ", processor_.reason(), ")")};
}

Result<int> KeepMachine::run() {
  if (std::exchange(bell_rings_, false) && TRY(answer_bell())) return *calls_.ended();
  for (;;) {
    const auto stop = processor_.run(sallyport::doorbell_port);
    if (!stop) return kvm_error(stop.error(), "backend kvm: cannot run the processor");
    if (*stop == Stop::Interrupted) {
      ++statistics_.interruptions;
      continue;
    }
    if (*stop != Stop::Doorbell) return stopped(*stop);
    if (TRY(answer_bell())) return *calls_.ended();
  }
}

std::optional<MemoryRange> KeepMachine::grow(std::uint64_t bytes) {
  if (bytes < smallest_growth || bytes % large_page != 0) return std::nullopt;
  if (memory_.parts().size() >= max_slots) return std::nullopt;
  const std::uint64_t grown = next_base_ - image::grown_base;
  const std::uint64_t most = os::physical_memory();
  if (grown > most || bytes > most - grown) return std::nullopt;
  auto part = MemoryPart::create(next_base_, bytes);
  if (!part) return std::nullopt;
  part->prefer_large_pages(next_base_);
  const auto slot = static_cast<std::uint32_t>(memory_.parts().size());
  if (!machine_.add_memory(slot, part->base(), part->bytes())) return std::nullopt;
  memory_.add(*std::move(part));
  const MemoryRange range{next_base_, bytes};
  next_base_ += bytes;
  return range;
}

bool KeepMachine::release(MemoryRange range) {
  // Only what the keep has for itself; not the shim, its tables, or the block.
  if (range.base < image::main_base) return false;
  return memory_.release(range.base, range.size);
}

sallyport::Outcome KeepMachine::attest(const sallyport::Request& request) {
  return firmware_ ? firmware_->attest(request) : Machine::attest(request);
}

core::Result<std::optional<Letter>> KeepMachine::next_letter() {
  if (!next_letter_) return std::optional<Letter>();
  const auto wait = std::exchange(next_letter_, nullptr);
  auto letter = TRY(wait());
  // Whoever takes a keep that was made ahead waits for it, and it is about to ask a lot.
  attend();
  return std::optional(std::move(letter));
}

void KeepMachine::expect_letter(std::function<core::Result<Letter>()> wait) {
  next_letter_ = std::move(wait);
  // There is time for it now.
  static_cast<void>(make_attendant());
}

void KeepMachine::expect_proof() {
  // A simulator that is no more is found out when the keep asks.
  if (firmware_) firmware_->expect_messages();
}

}  // namespace merlon::host::kvm
