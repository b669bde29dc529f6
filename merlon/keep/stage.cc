#include "merlon/keep/stage.h"

#include <utility>

#include "merlon/wasi/add_to.h"

namespace merlon::keep {

namespace {

wasm::StoreLimits counted(wasm::StoreLimits limits, MemoryAccount& memory) noexcept {
  limits.budget = &memory.engine();
  return limits;
}

}  // namespace

Stage::Stage(wasm::Engine& engine, std::shared_ptr<wasm::CompiledModule> module,
             std::shared_ptr<Clocks> clocks, std::unique_ptr<wasi::Context> context,
             const wasm::StoreLimits& limits)
    : module_(std::move(module)),
      clocks_(std::move(clocks)),
      memory_(limits.max_bytes),
      context_(std::move(context)),
      store_(engine, counted(limits, memory_)) {
  wasi::add_to(imports_, *context_, module_->module());
}

core::Result<std::unique_ptr<Stage>> Stage::create(wasm::Engine& engine,
                                                   std::shared_ptr<wasm::CompiledModule> module,
                                                   std::shared_ptr<Clocks> clocks,
                                                   const wasm::StoreLimits& limits) {
  wasi::ClockSource& used = clocks->used();
  auto context = TRY(wasi::Context::create({.clocks = &used}));
  return std::unique_ptr<Stage>(
      new Stage(engine, std::move(module), std::move(clocks), std::move(context), limits));
}

wasm::InstantiateOutcome Stage::instance() {
  if (instance_ != nullptr) return instance_;
  wasm::InstantiateOutcome outcome = store_.instantiate(module_, imports_);
  if (const auto* const made = std::get_if<wasm::Instance*>(&outcome)) instance_ = *made;
  return outcome;
}

}  // namespace merlon::keep
