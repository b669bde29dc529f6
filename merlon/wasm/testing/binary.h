#pragma once

// Modules for tests, put together section by section.

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include "merlon/wasm/baseline/compiler.h"
#include "merlon/wasm/exec/instance.h"

namespace merlon::wasm::testing {

/// The binary format's preamble, then sections as they are added. Sizes are filled in; contents
/// must be shorter than 128 bytes.
class Binary {
 public:
  Binary() : bytes_{0, 'a', 's', 'm', 1, 0, 0, 0} {}

  Binary& section(std::uint8_t id, std::initializer_list<std::uint8_t> content) {
    bytes_.push_back(id);
    bytes_.push_back(static_cast<std::uint8_t>(content.size()));
    bytes_.insert(bytes_.end(), content);
    return *this;
  }
  /// The type section's contents, after the count.
  Binary& types(std::initializer_list<std::uint8_t> content) { return section(1, content); }
  /// A code section of one function with these bytes, locals and end included.
  Binary& code(std::initializer_list<std::uint8_t> body) {
    const auto size = static_cast<std::uint8_t>(body.size());
    bytes_.insert(bytes_.end(), {10, static_cast<std::uint8_t>(size + 2), 1, size});
    bytes_.insert(bytes_.end(), body);
    return *this;
  }
  Binary& raw(std::initializer_list<std::uint8_t> more) {
    bytes_.insert(bytes_.end(), more);
    return *this;
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<std::uint8_t> bytes_;
};

/// A module of one function, exported as "f", of type `params` -> `results` (value type codes).
[[nodiscard]] inline std::vector<std::uint8_t> function_module(
    const std::vector<std::uint8_t>& params, const std::vector<std::uint8_t>& results,
    const std::vector<std::uint8_t>& body, bool memory = false) {
  std::vector<std::uint8_t> type = {1, 0x60, static_cast<std::uint8_t>(params.size())};
  type.insert(type.end(), params.begin(), params.end());
  type.push_back(static_cast<std::uint8_t>(results.size()));
  type.insert(type.end(), results.begin(), results.end());
  std::vector<std::uint8_t> out = {0, 'a', 's', 'm', 1,
                                   0, 0,   0,   1,   static_cast<std::uint8_t>(type.size())};
  out.insert(out.end(), type.begin(), type.end());
  out.insert(out.end(), {3, 2, 1, 0});
  if (memory) out.insert(out.end(), {5, 4, 1, 1, 1, 2});
  out.insert(out.end(), {7, 5, 1, 1, 'f', 0, 0});
  const auto size = static_cast<std::uint8_t>(body.size());
  out.insert(out.end(), {10, static_cast<std::uint8_t>(size + 2), 1, size});
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

/// An engine, a store and an instance of one module.
struct Machine {
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Store> store;
  Instance* instance = nullptr;

  explicit Machine(std::vector<std::uint8_t> wasm, const Imports& imports = {},
                   CompileMode mode = CompileMode::Eager, StoreLimits limits = {},
                   Bounds bounds = Bounds::Guards) {
    EngineOptions options;
    options.mode = mode;
    options.bounds = bounds;
    engine = std::move(*Engine::create(baseline::compilers(), options));
    store = std::make_unique<Store>(*engine, limits);
    auto module = engine->compile(std::move(wasm));
    if (!module.has_value()) return;
    auto outcome = store->instantiate(*module, imports);
    if (auto* made = std::get_if<Instance*>(&outcome)) instance = *made;
  }

  Outcome call(const Values& arguments) { return instance->invoke("f", arguments); }
};

/// The one i32 that a call gave; a value no test expects if it gave none.
[[nodiscard]] inline std::uint32_t i32_of(const Outcome& outcome) {
  const auto* values = std::get_if<Values>(&outcome);
  return values != nullptr && values->size() == 1 ? values->front().as_i32() : 0xdeadbeef;
}

[[nodiscard]] inline const Trap* trap_of(const Outcome& outcome) {
  return std::get_if<Trap>(&outcome);
}

}  // namespace merlon::wasm::testing
