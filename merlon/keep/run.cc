#include "merlon/keep/run.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/keep/connections.h"
#include "merlon/keep/deadline.h"
#include "merlon/keep/dialler.h"
#include "merlon/keep/files.h"
#include "merlon/keep/floored_clocks.h"
#include "merlon/keep/invoke.h"
#include "merlon/keep/own_directory.h"
#include "merlon/keep/renewal.h"
#include "merlon/keep/report.h"
#include "merlon/keep/tls_files.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/wasi/add_to.h"
#include "merlon/wasi/context.h"
#include "merlon/wasi/preopen.h"
#include "merlon/wasm/baseline/compiler.h"
#include "merlon/wasm/exec/engine.h"
#include "merlon/wasm/exec/instance.h"
#include "merlon/wasm/exec/store.h"

namespace merlon::keep {

using base::concat;
using launch::ExitStatus;

namespace {

/// Largest module in bytes [ENARX 0.7.1 crates/exec-wasmtime/src/workload.rs].
constexpr std::size_t max_module_size = 100'000'000;

int unusable(const launch::Message& message, std::string_view reason) {
  report(concat(message.program, ": ", reason));
  return launch::number(ExitStatus::Unusable);
}

int failed(std::string_view what, const core::Error& error) {
  report(concat(what, ": ", error.message()));
  return launch::number(ExitStatus::KeepFailed);
}

/// Why a module cannot be compiled, with the place in the file.
std::string explain(const core::Error& error) {
  const std::string place = concat(" (byte ", error.detail, ")");
  switch (error.code) {
    case core::ErrorCode::Malformed:
      return concat("is no valid WebAssembly module: ", error.message(), place);
    case core::ErrorCode::Unsupported:
      return concat("uses what cannot be run: ", error.message(), place);
    case core::ErrorCode::Exhausted: return concat("is beyond a limit: ", error.message(), place);
    case core::ErrorCode::NotFound:
    case core::ErrorCode::Denied:
    case core::ErrorCode::Unavailable:
    case core::ErrorCode::Internal: break;
  }
  return concat("cannot be compiled: ", error.message());
}

/// The host may change the file meanwhile: it is read once, into memory of our own.
core::Result<std::vector<std::uint8_t>, std::string> read_module(os::Fd file) {
  auto bytes = os::read_all(file, max_module_size);
  if (bytes) return *std::move(bytes);
  if (bytes.error() == os::Errno::Fbig) {
    return concat("is larger than ", max_module_size, " bytes");
  }
  return concat("cannot be read: ", os::describe(bytes.error()));
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

/// The clock that a keep goes by: its host's, and if it is attested not below what it knows.
class Clocks {
 public:
  explicit Clocks(bool attested) noexcept : attested_(attested) {}

  [[nodiscard]] wasi::ClockSource& used() noexcept {
    if (attested_) return floored_;
    return host_;
  }
  /// It is at least this time, by the word of a Steward that has proved who it is.
  void raise(std::int64_t seconds) noexcept {
    if (seconds > 0) floored_.raise(static_cast<wasi::Timestamp>(seconds) * second);
  }
  /// Seconds since 1970.
  [[nodiscard]] std::int64_t now() {
    const auto now = used().now(wasi::ClockId::Realtime);
    return now.has_value() ? static_cast<std::int64_t>(*now / second) : 0;
  }

 private:
  static constexpr wasi::Timestamp second = 1'000'000'000;

  bool attested_;
  wasi::SystemClocks host_;
  FlooredClocks floored_{host_};
};

/// Null if nobody asks who this keep is.
core::Result<std::shared_ptr<Shown>, std::string> shown_if_wanted(const launch::Launch& launch,
                                                                  Self& self, Clocks& clocks) {
  if (!launch.message.speaks_tls() && !launch.message.steward) return std::shared_ptr<Shown>();
  auto shown = std::make_shared<Shown>();
  shown->vouching = TRY(vouching_for(self, launch, clocks.now()));
  if (launch.message.steward) clocks.raise(shown->vouching.from);
  return shown;
}

/// The connections that the workload may open.
void give_network(launch::Launch& launch, std::optional<TlsFiles> tls, wasi::Context& context) {
  if (launch.message.allowed.empty()) return;
  context.set_network(std::make_shared<Dialler>(launch.message.allowed, std::move(launch.dialler),
                                                std::move(tls),
                                                [](std::string_view line) { report(line); }));
}

core::Result<void, std::string> give_all_files(launch::Launch& launch, Self& self,
                                               std::shared_ptr<Shown> shown, Clocks& clocks,
                                               wasi::Context& context) {
  const auto keys = shown ? self.keys() : nullptr;
  if (!keys || *keys == nullptr) {
    give_network(launch, std::nullopt, context);
    return give_files(launch, nullptr, context);
  }
  const Now now = [&clocks] { return clocks.now(); };
  if (launch.message.steward) {
    context.chores().push_back(
        std::make_shared<Renewal>(self, *launch.message.steward, std::move(launch.steward), shown,
                                  now, [](std::string_view line) { report(line); }));
  }
  const TlsFiles tls((*keys)->tls(), std::move(shown), now);
  give_network(launch, tls, context);
  return give_files(launch, &tls, context);
}

/// /keep, behind all that the launch gives, whose numbers stay what they are: of a keep that is
/// attested, or that speaks TLS.
core::Result<void> give_own_directory(const launch::Message& message, Self& self,
                                      std::shared_ptr<const wasm::CompiledModule> module,
                                      std::shared_ptr<const Shown> shown, wasi::Context& context) {
  if (!self.is_attested() && !shown) return {};
  for (const launch::FileEntry& file : message.files) {
    if (file.kind == launch::FileKind::Directory && hides_own_directory(file.name)) {
      return core::error(core::ErrorCode::Denied, "/keep is the keep's own directory");
    }
  }
  wasi::FdTable& files = context.files();
  std::shared_ptr<wasi::ServedDirectory> directory = directory_of_connections(files);
  if (self.is_attested()) {
    directory = std::make_shared<OwnDirectory>(self, message, std::move(module), std::move(shown),
                                               connections_directory(files));
  }
  auto entry = wasi::served_directory(std::move(directory), std::string(own_directory_name));
  if (files.insert(std::move(entry))) return {};
  return core::error(core::ErrorCode::Exhausted, "too many files");
}

/// A guest may pass over a write that failed; its user must learn of it. A status of its own stays.
int tell_loss(const wasi::Context& context, int status) {
  const auto& loss = context.output_loss();
  if (!loss) return status;
  report(concat(loss->file,
                " did not take all that the workload wrote: ", wasi::describe(loss->reason)));
  return status == 0 ? launch::number(ExitStatus::OutputLost) : status;
}

int run_compiled(launch::Launch& launch, Self& self, wasm::Engine& engine,
                 std::shared_ptr<wasm::CompiledModule> module, Deadline& deadline,
                 std::uintptr_t lowest_stack_address) {
  Clocks clocks(self.is_attested());
  const auto context = wasi::Context::create({.arguments = launch.message.arguments,
                                              .environment = launch.message.environment,
                                              .clocks = &clocks.used()});
  if (!context) return failed("cannot prepare the workload", context.error());
  const auto shown = shown_if_wanted(launch, self, clocks);
  if (!shown) return unusable(launch.message, shown.error());
  const auto given = give_all_files(launch, self, *shown, clocks, **context);
  if (!given) return unusable(launch.message, given.error());
  const auto own = give_own_directory(launch.message, self, module, *shown, **context);
  if (!own) return unusable(launch.message, own.error().message());

  wasm::Imports imports;
  wasi::add_to(imports, **context, module->module());
  wasm::Store store(engine, limits_of(launch.message, lowest_stack_address));
  deadline.watch(store, **context);
  const int status = invoke(launch.message, store, std::move(module), imports, deadline);
  constexpr auto farewell = std::chrono::seconds(10);
  (*context)->finish_streams(farewell);
  deadline.forget();
  // The kernel takes all of it back at once, and faster than we would piece by piece.
  os::end_process(tell_loss(**context, status));
}

}  // namespace

int run(launch::Launch launch, Self& self, std::uintptr_t lowest_stack_address) {
  Deadline deadline;
  if (launch.message.timeout_nanoseconds != 0) {
    const auto limit = static_cast<std::int64_t>(launch.message.timeout_nanoseconds);
    const auto started = deadline.start(std::chrono::nanoseconds(limit));
    if (!started) return failed("cannot limit the time", started.error());
  }
  auto bytes = read_module(std::move(launch.module));
  if (!bytes) return unusable(launch.message, bytes.error());
  const auto engine =
      wasm::Engine::create(wasm::baseline::compilers(), {.mode = compile_mode(self)});
  if (!engine) return failed("cannot start the engine", engine.error());
  if (launch.message.verbose && self.is_attested()) {
    report("attested: the whole module is compiled before it runs");
  }
  auto module = (*engine)->compile(*std::move(bytes));
  if (!module) return unusable(launch.message, explain(module.error()));
  return run_compiled(launch, self, **engine, *std::move(module), deadline, lowest_stack_address);
}

}  // namespace merlon::keep
