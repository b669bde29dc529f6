#pragma once

// What a module's instance stands on: its clocks and files, its memory, and itself, once it is
// there.

#include <memory>

#include "merlon/keep/clocks.h"
#include "merlon/keep/memory_account.h"
#include "merlon/wasi/context.h"
#include "merlon/wasm/exec/engine.h"
#include "merlon/wasm/exec/imports.h"
#include "merlon/wasm/exec/instance.h"
#include "merlon/wasm/exec/store.h"

namespace merlon::keep {

class Stage {
 public:
  /// Without arguments, environment and files. `engine` outlives it.
  ///
  /// Errors: those of wasi::Context::create().
  [[nodiscard]] static core::Result<std::unique_ptr<Stage>> create(
      wasm::Engine& engine, std::shared_ptr<wasm::CompiledModule> module,
      std::shared_ptr<Clocks> clocks, const wasm::StoreLimits& limits);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  [[nodiscard]] const std::shared_ptr<wasm::CompiledModule>& module() const noexcept {
    return module_;
  }
  [[nodiscard]] Clocks& clocks() noexcept { return *clocks_; }
  [[nodiscard]] MemoryAccount& memory() noexcept { return memory_; }
  [[nodiscard]] wasi::Context& context() noexcept { return *context_; }
  [[nodiscard]] wasm::Store& store() noexcept { return store_; }

  /// The instance; made when it is first asked for, which runs the module's start function.
  [[nodiscard]] wasm::InstantiateOutcome instance();

 private:
  Stage(wasm::Engine& engine, std::shared_ptr<wasm::CompiledModule> module,
        std::shared_ptr<Clocks> clocks, std::unique_ptr<wasi::Context> context,
        const wasm::StoreLimits& limits);

  std::shared_ptr<wasm::CompiledModule> module_;
  std::shared_ptr<Clocks> clocks_;
  MemoryAccount memory_;
  std::unique_ptr<wasi::Context> context_;
  wasm::Imports imports_;
  wasm::Store store_;
  wasm::Instance* instance_ = nullptr;
};

}  // namespace merlon::keep
