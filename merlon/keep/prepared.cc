#include "merlon/keep/prepared.h"

#include <utility>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/delivery/workload.h"
#include "merlon/os/open.h"
#include "merlon/wasm/baseline/compiler.h"

namespace merlon::keep {

using base::concat;
using launch::ExitStatus;

namespace {

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

}  // namespace

core::Result<std::vector<std::uint8_t>, NotPrepared> read_module(os::BorrowedFd module) {
  auto bytes = os::read_all(module, delivery::max_module_size);
  if (bytes) return *std::move(bytes);
  if (bytes.error() == os::Errno::Fbig) {
    return NotPrepared{concat("is larger than ", delivery::max_module_size, " bytes")};
  }
  return NotPrepared{concat("cannot be read: ", os::describe(bytes.error()))};
}

core::Result<Prepared, NotPrepared> compile(std::vector<std::uint8_t> module,
                                            wasm::CompileMode mode) {
  auto engine = wasm::Engine::create(wasm::baseline::compilers(), {.mode = mode});
  if (!engine) {
    return NotPrepared{concat("cannot start the engine: ", engine.error().message()),
                       ExitStatus::KeepFailed};
  }
  auto compiled = (*engine)->compile(std::move(module));
  if (!compiled) return NotPrepared{explain(compiled.error())};
  return Prepared{*std::move(engine), *std::move(compiled)};
}

core::Result<Prepared, NotPrepared> prepare(const Self& self, os::Fd module) {
  if (self.is_attested()) return NotPrepared{"an attested keep takes no module beforehand"};
  // The library makes itself ready when it is first used, which takes a while.
  static_cast<void>(crypto::sha256({}));
  return compile(TRY(read_module(module)), wasm::CompileMode::Eager);
}

}  // namespace merlon::keep
