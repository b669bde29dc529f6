#include "merlon/keep/run.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/crypto/secret_bytes.h"
#include "merlon/keep/connections.h"
#include "merlon/keep/deadline.h"
#include "merlon/keep/dialler.h"
#include "merlon/keep/files.h"
#include "merlon/keep/give_up.h"
#include "merlon/keep/invoke.h"
#include "merlon/keep/mounts.h"
#include "merlon/keep/own_directory.h"
#include "merlon/keep/package_fetch.h"
#include "merlon/keep/renewal.h"
#include "merlon/keep/sealed_files.h"
#include "merlon/keep/stage.h"
#include "merlon/keep/tls_files.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/poll.h"
#include "merlon/os/process.h"
#include "merlon/wasi/context.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasm/exec/instance.h"

namespace merlon::keep {

using base::concat;
using launch::ExitStatus;

namespace {

int unusable(const Work& work, std::string_view reason) {
  work.voice->remark(concat(work.launch.message.program, ": ", reason));
  return launch::number(ExitStatus::Unusable);
}

int not_prepared(const Work& work, const NotPrepared& why) {
  const bool ours = why.status == ExitStatus::KeepFailed;
  work.voice->remark(ours ? why.text : concat(work.launch.message.program, ": ", why.text));
  return launch::number(why.status);
}

int failed(const Work& work, std::string_view what, const core::Error& error) {
  work.voice->remark(concat(what, ": ", error.message()));
  return launch::number(ExitStatus::KeepFailed);
}

/// Where the guest's stack is to end, so that ours has room below it: host functions, a function
/// that is compiled when it is first called, the handler of a fault. Of a small stack half.
std::uintptr_t stack_floor(std::uintptr_t lowest) {
  constexpr std::uintptr_t wanted = 256 * 1024;
  // SAFETY: only compared with other addresses.
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  if (lowest == 0 || lowest >= here) return 0;
  return lowest + std::min(wanted, (here - lowest) / 2);
}

wasm::StoreLimits limits_of(const launch::Message& message, std::uintptr_t lowest_stack_address) {
  wasm::StoreLimits limits;
  limits.stack_floor = stack_floor(lowest_stack_address);
  if (message.max_memory_bytes != 0) {
    limits.max_memory_bytes = limits.max_bytes = message.max_memory_bytes;
  }
  return limits;
}

/// In a keep that is attested all functions before the first runs: who sees which are compiled, and
/// when, sees the program (Lost in the Pages, 2025).
wasm::CompileMode compile_mode(const Self& self) noexcept {
  return self.is_attested() ? wasm::CompileMode::Eager : wasm::CompileMode::Automatic;
}

/// Null if nobody asks who this keep is.
core::Result<std::shared_ptr<Shown>, std::string> shown_if_wanted(const launch::Launch& launch,
                                                                  Self& self, Clocks& clocks) {
  if (!launch.message.speaks_tls() && !launch.message.steward) return std::shared_ptr<Shown>();
  auto shown = std::make_shared<Shown>();
  shown->vouching = TRY(vouching_for(self, launch, clocks.now()));
  if (launch.message.steward) clocks.raise(shown->vouching.from);
  return shown;
}

/// Gets the package that the tenant has named. Whoever vouches for the keep does so before, since a
/// registry gives what is private only to a keep that somebody knows.
core::Result<void, std::string> get_package(Work& work, Self& self, const Shown* shown,
                                            Clocks& clocks) {
  launch::Launch& launch = work.launch;
  const launch::RemotePackage& package = *launch.message.package;
  const auto keys = self.keys();
  if (!keys) return concat("no keys: ", keys.error().message());
  tls::Identity identity;
  if (shown != nullptr) identity = {shown->vouching.chain, &(*keys)->tls()};
  const auto get = registry_over_https(package, launch.registry, identity, clocks.now());
  if (!get) return get.error();
  auto content =
      assemble_package(launch.message, patiently(*get, [](std::chrono::milliseconds pause) {
                         static_cast<void>(os::poll({}, pause));
                       }));
  if (!content) return content.error();
  work.module = std::move(content->module);
  work.archive = std::move(content->archive);
  if (auto& key = launch.message.package->key) crypto::wipe(*key);
  launch.registry.close();
  return {};
}

/// The connections that the workload may open.
void give_network(Work& work, std::optional<TlsFiles> tls, wasi::Context& context) {
  launch::Launch& launch = work.launch;
  if (launch.message.allowed.empty()) return;
  context.set_network(std::make_shared<Dialler>(
      launch.message.allowed, std::move(launch.dialler), std::move(tls),
      [voice = work.voice](std::string_view line) { voice->remark(line); }));
}

core::Result<void, std::string> give_all_files(Work& work, Self& self, std::shared_ptr<Shown> shown,
                                               std::shared_ptr<StewardLine> line, Clocks& clocks,
                                               MemoryAccount& memory, wasi::Context& context) {
  launch::Launch& launch = work.launch;
  const auto keys = shown ? self.keys() : nullptr;
  if (!keys || *keys == nullptr) {
    give_network(work, std::nullopt, context);
    return give_files(work, nullptr, context);
  }
  const Now now = [&clocks] { return clocks.now(); };
  if (line) {
    context.chores().push_back(std::make_shared<Renewal>(
        self, *launch.message.steward, std::move(line), shown, now,
        [voice = work.voice](std::string_view text) { voice->remark(text); }));
  }
  const TlsFiles tls((*keys)->tls(), std::move(shown), now, memory.connections());
  give_network(work, tls, context);
  return give_files(work, &tls, context);
}

/// What a directory is called for the workload; nothing for other files.
std::string_view name_of(const launch::FileEntry& file) noexcept {
  return file.kind == launch::FileKind::Directory ? std::string_view(file.name) : "";
}
std::string_view name_of(const launch::Mount& mount) noexcept { return mount.path; }

/// /keep, behind all that the launch gives, whose numbers stay what they are: of a keep that is
/// attested, or that speaks TLS.
core::Result<void> give_own_directory(const Work& work, Self& self,
                                      std::shared_ptr<const wasm::CompiledModule> module,
                                      std::shared_ptr<const Shown> shown,
                                      std::shared_ptr<OwnCredential> credential,
                                      wasi::Context& context) {
  if (!self.is_attested() && !shown) return {};
  const auto hides_it = [](const auto& each) { return hides_own_directory(name_of(each)); };
  if (std::ranges::any_of(work.launch.message.files, hides_it) ||
      std::ranges::any_of(work.launch.message.mounts, hides_it)) {
    return core::error(core::ErrorCode::Denied, "/keep is the keep's own directory");
  }
  wasi::FdTable& files = context.files();
  std::shared_ptr<wasi::ServedDirectory> directory = directory_of_connections(files);
  if (self.is_attested()) {
    directory = std::make_shared<OwnDirectory>(
        self, work.launch.message, work.source, std::move(module), std::move(shown),
        connections_directory(files, credential), credential);
  }
  auto entry = wasi::served_directory(std::move(directory), std::string(own_directory_name));
  if (files.insert(std::move(entry))) return {};
  return core::error(core::ErrorCode::Exhausted, "too many files");
}

/// A guest may pass over a write that failed; its user must learn of it. A status of its own stays.
int tell_loss(const Work& work, const wasi::Context& context, int status) {
  const auto& loss = context.output_loss();
  if (!loss) return status;
  work.voice->remark(concat(
      loss->file, " did not take all that the workload wrote: ", wasi::describe(loss->reason)));
  return status == 0 ? launch::number(ExitStatus::OutputLost) : status;
}

/// Whoever listens for the end of the workload.
void tell_end(const Work& work, int status) {
  if (work.talk) work.talk->end(status);
  if (!work.taken_from.is_open()) return;
  // What the workload has open of them beside ends with this process, which is next.
  for (int stream = 0; stream < launch::keep_descriptor; ++stream) os::Fd::adopt(stream).close();
  launch::send_end(work.taken_from, status);
}

/// One that can open files could leave none for the bell.
bool can_open_files(const launch::Message& message) noexcept {
  const auto leads_further = [](const launch::FileEntry& file) {
    return file.kind == launch::FileKind::Directory || file.kind == launch::FileKind::Listen;
  };
  return !message.allowed.empty() || std::ranges::any_of(message.files, leads_further);
}

/// Everything that the workload finds when it starts.
core::Result<std::shared_ptr<SealedFiles>, std::string> equip(
    Work& work, Self& self, std::shared_ptr<const wasm::CompiledModule> module, Clocks& clocks,
    std::shared_ptr<Shown> shown, MemoryAccount& memory, wasi::Context& context) {
  const auto archive = TRY(take_archive(work, memory));
  std::shared_ptr<SealedFiles> sealed;
  if (work.launch.message.volume) {
    const auto digest = crypto::sha256({module->bytes()});
    sealed = TRY(SealedFiles::open(work, self, digest, memory, memory.limit(), context));
    context.chores().push_back(sealed);
  }
  if (!shown) shown = TRY(shown_if_wanted(work.launch, self, clocks));
  std::shared_ptr<StewardLine> line;
  std::shared_ptr<OwnCredential> credential;
  if (work.launch.message.steward && shown) {
    line = std::make_shared<StewardLine>(StewardLine{std::move(work.launch.steward)});
    credential = std::make_shared<OwnCredential>(self, *work.launch.message.steward, line, shown,
                                                 [&clocks] { return clocks.now(); });
  }
  TRY(give_all_files(work, self, shown, std::move(line), clocks, memory, context));
  TRY(give_mounts(work.launch.message, archive, sealed ? sealed->tree() : nullptr, memory,
                  context));
  const auto own =
      give_own_directory(work, self, std::move(module), shown, std::move(credential), context);
  if (!own) return std::string(own.error().message());
  TRY(close_gaps(work.launch.message, context));
  return sealed;
}

/// From a stage with nothing on it to the workload's end; the exit status, which nobody has been
/// told.
int play(Stage& stage, Work& work, Self& self, std::shared_ptr<Shown> shown, Deadline& deadline) {
  const launch::Message& message = work.launch.message;
  wasi::Context& context = stage.context();
  if (const auto set = context.begin(message.arguments, message.environment); !set) {
    return failed(work, "cannot prepare the workload", set.error());
  }
  const auto sealed =
      equip(work, self, stage.module(), stage.clocks(), std::move(shown), stage.memory(), context);
  if (!sealed) return unusable(work, sealed.error());
  if (can_open_files(message) && !context.bell()) {
    return unusable(work, "no event descriptor is left to wait with");
  }
  deadline.watch(stage.store(), context);
  const int status = invoke(message, stage, deadline, *work.voice);
  constexpr auto farewell = std::chrono::seconds(10);
  context.finish_streams(farewell);
  deadline.forget();
  const int told = tell_loss(work, context, status);
  // What it could not write it has told.
  const bool lost = *sealed && !(*sealed)->keep();
  return lost && told == 0 ? launch::number(ExitStatus::OutputLost) : told;
}

/// What a host has launched may change meanwhile: it is read once, into memory of our own. What was
/// delivered is there.
core::Result<std::vector<std::uint8_t>, NotPrepared> take_module(Work& work) {
  if (work.talk) return std::move(work.module);
  auto bytes = read_module(work.launch.module);
  give_up(std::exchange(work.launch.module, os::Fd()), work.launch.message.confinement);
  return bytes;
}

/// The module of a keep that was made ahead is there; any other's comes now.
core::Result<Prepared, NotPrepared> take_prepared(Work& work, const Self& self,
                                                  std::optional<Prepared> prepared) {
  if (prepared) return *std::move(prepared);
  if (work.launch.message.verbose && self.is_attested()) {
    work.voice->remark("attested: the whole module is compiled before it runs");
  }
  return compile(TRY(take_module(work)), compile_mode(self));
}

int run_module(Work& work, Self& self, std::optional<Prepared> made_ahead, Deadline& deadline,
               std::uintptr_t lowest_stack_address) {
  const auto clocks = std::make_shared<Clocks>(self.is_attested());
  std::shared_ptr<Shown> shown;
  if (work.launch.message.package) {
    auto wanted = shown_if_wanted(work.launch, self, *clocks);
    if (!wanted) return unusable(work, wanted.error());
    shown = *std::move(wanted);
    const auto got = get_package(work, self, shown.get(), *clocks);
    if (!got) return unusable(work, got.error());
  }
  auto prepared = take_prepared(work, self, std::move(made_ahead));
  if (!prepared) return not_prepared(work, prepared.error());
  // What was made ahead knows of no limit.
  if (!prepared->stage || work.launch.message.max_memory_bytes != 0) {
    auto stage = Stage::create(*prepared->engine, prepared->module, clocks,
                               limits_of(work.launch.message, lowest_stack_address));
    if (!stage) return failed(work, "cannot prepare the workload", stage.error());
    prepared->stage = *std::move(stage);
  }
  const int status = play(*prepared->stage, work, self, std::move(shown), deadline);
  tell_end(work, status);
  // The kernel takes all of it back at once, and faster than we would piece by piece.
  os::end_process(status);
}

/// A module that writes nothing to its standard output:
///
///   (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result
///   i32))) (memory 1) (func (export "_start") (drop (call $fd_write (i32.const 1) (i32.const 0)
///   (i32.const 1) (i32.const 8))))
constexpr auto rehearsed = std::to_array<std::uint8_t>({
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x0c, 0x02, 0x60, 0x04, 0x7f,
    0x7f, 0x7f, 0x7f, 0x01, 0x7f, 0x60, 0x00, 0x00, 0x02, 0x23, 0x01, 0x16, 0x77, 0x61,
    0x73, 0x69, 0x5f, 0x73, 0x6e, 0x61, 0x70, 0x73, 0x68, 0x6f, 0x74, 0x5f, 0x70, 0x72,
    0x65, 0x76, 0x69, 0x65, 0x77, 0x31, 0x08, 0x66, 0x64, 0x5f, 0x77, 0x72, 0x69, 0x74,
    0x65, 0x00, 0x00, 0x03, 0x02, 0x01, 0x01, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x0a,
    0x01, 0x06, 0x5f, 0x73, 0x74, 0x61, 0x72, 0x74, 0x00, 0x01, 0x0a, 0x0f, 0x01, 0x0d,
    0x00, 0x41, 0x01, 0x41, 0x00, 0x41, 0x01, 0x41, 0x08, 0x10, 0x00, 0x1a, 0x0b,
});

/// A launch that gives it nothing, on the way that launches come.
core::Result<launch::Launch> rehearsed_launch() {
  launch::Launch launch;
  launch.message.program = "main.wasm";
  launch.message.arguments = {"main.wasm"};
  launch.message.files.assign(3, {launch::FileKind::Null, launch::FileAccess::ReadWrite, {}});
  const auto bytes = TRY(launch::encode(launch.message));
  launch.message = TRY(launch::decode_body(core::ByteView(bytes).subspan(launch::header_size)));
  return launch;
}

}  // namespace

void rehearse(const Prepared& prepared, Self& self, std::uintptr_t lowest_stack_address) {
  auto launch = rehearsed_launch();
  if (!launch) return;
  auto work = work_of_host(self, *std::move(launch));
  auto module = prepared.engine->compile({rehearsed.begin(), rehearsed.end()});
  if (!work || !module) return;
  auto stage = Stage::create(*prepared.engine, *std::move(module), std::make_shared<Clocks>(false),
                             limits_of(work->launch.message, lowest_stack_address));
  if (!stage) return;
  Deadline deadline;
  static_cast<void>(play(**stage, *work, self, nullptr, deadline));
}

void set_stage(Prepared& prepared, std::uintptr_t lowest_stack_address) {
  // A start function would run now, and what it does is for a launch.
  if (prepared.module->module().start) return;
  auto stage = Stage::create(*prepared.engine, prepared.module, std::make_shared<Clocks>(false),
                             limits_of(launch::Message{}, lowest_stack_address));
  // What cannot be instantiated is told to whoever launches it.
  if (!stage || !std::holds_alternative<wasm::Instance*>((*stage)->instance())) return;
  prepared.stage = *std::move(stage);
}

int run(Work work, Self& self, std::optional<Prepared> made_ahead,
        std::uintptr_t lowest_stack_address) {
  Deadline deadline;
  if (work.launch.message.timeout_nanoseconds != 0) {
    const auto limit = static_cast<std::int64_t>(work.launch.message.timeout_nanoseconds);
    const auto started = deadline.start(std::chrono::nanoseconds(limit));
    if (!started) return failed(work, "cannot limit the time", started.error());
  }
  const int status = run_module(work, self, std::move(made_ahead), deadline, lowest_stack_address);
  tell_end(work, status);
  return status;
}

}  // namespace merlon::keep
