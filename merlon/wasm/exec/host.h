#pragma once

// Host functions, typed at compile time: a C++ function's parameters are the wasm type.

#include <cstring>
#include <memory>
#include <type_traits>
#include <utility>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"
#include "merlon/wasm/exec/trap.h"
#include "merlon/wasm/exec/vm.h"

namespace merlon::wasm {

class Store;

/// What a host function may touch of the instance that called it.
class Caller {
 public:
  explicit Caller(VmContext& context) noexcept : context_(context) {}

  /// The exported memory "memory", else memory 0; empty if there is none. The view is good until
  /// guest code runs or the memory grows again. Its content is the guest's: hostile.
  [[nodiscard]] core::ByteSpan memory() const noexcept;
  [[nodiscard]] Store& store() const noexcept;

 private:
  VmContext& context_;
};

/// Ends the guest instead of returning to it.
struct HostStop {
  TrapKind kind = TrapKind::HostError;
  std::uint32_t code = 0;

  [[nodiscard]] static HostStop exit(std::uint32_t code) noexcept { return {TrapKind::Exit, code}; }
  [[nodiscard]] static HostStop trap(TrapKind kind) noexcept { return {kind, 0}; }
};

template <typename T>
using HostResult = core::Result<T, HostStop>;

/// A function of the embedder's with its wasm type. Copyable; whatever `environment` points to
/// must outlive every store it is imported into.
struct HostFunction {
  /// Reads the parameters from `values` and writes the results over them.
  using Thunk = HostResult<void> (*)(void* environment, Caller& caller, Slot* values);

  FuncType type;
  Thunk thunk = nullptr;
  void* environment = nullptr;
};

namespace detail {

template <typename T>
constexpr ValueType value_type_of() noexcept {
  if constexpr (std::is_same_v<T, float>) return ValueType::f32;
  else if constexpr (std::is_same_v<T, double>) return ValueType::f64;
  else if constexpr (sizeof(T) == 8) return ValueType::i64;
  else return ValueType::i32;
}

template <typename T>
concept WasmNumber = std::is_same_v<T, std::int32_t> || std::is_same_v<T, std::uint32_t> ||
                     std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t> ||
                     std::is_same_v<T, float> || std::is_same_v<T, double>;

template <WasmNumber T>
T read_slot(const Slot& slot) noexcept {
  T value{};
  std::memcpy(&value, &slot.low, sizeof(T));
  return value;
}

template <WasmNumber T>
void write_slot(Slot& slot, T value) noexcept {
  slot = {};
  std::memcpy(&slot.low, &value, sizeof(T));
}

template <typename T>
struct HostReturn {
  using Value = T;
};
template <typename T>
struct HostReturn<HostResult<T>> {
  using Value = T;
};

template <auto F>
struct HostBinding;

template <typename R, typename Env, typename... Args, R (*F)(Env&, Caller&, Args...)>
struct HostBinding<F> {
  using Environment = Env;
  using Value = typename HostReturn<R>::Value;

  static FuncType type() {
    FuncType result;
    (result.params.push_back(value_type_of<Args>()), ...);
    if constexpr (!std::is_void_v<Value>) result.results.push_back(value_type_of<Value>());
    return result;
  }

  static HostResult<void> call(void* environment, Caller& caller, Slot* values) {
    return invoke(*static_cast<Env*>(environment), caller, values,
                  std::index_sequence_for<Args...>{});
  }

 private:
  template <std::size_t... I>
  static HostResult<void> invoke(Env& environment, Caller& caller, Slot* values,
                                 std::index_sequence<I...>) {
    if constexpr (std::is_void_v<R>) {
      F(environment, caller, read_slot<Args>(values[I])...);
    } else if constexpr (std::is_same_v<R, Value>) {
      write_slot(values[0], F(environment, caller, read_slot<Args>(values[I])...));
    } else {
      R result = F(environment, caller, read_slot<Args>(values[I])...);
      if (!result.has_value()) return result.error();
      if constexpr (!std::is_void_v<Value>) write_slot(values[0], *result);
    }
    return {};
  }
};

}  // namespace detail

/// Makes a host function of `F`, which is `R f(Env&, Caller&, Args…)` with Args among int32_t,
/// uint32_t, int64_t, uint64_t, float and double, and R void, one of those, or a HostResult of
/// one. `environment` must outlive every store it is imported into.
template <auto F>
[[nodiscard]] HostFunction host_function(
    typename detail::HostBinding<F>::Environment& environment) {
  return {detail::HostBinding<F>::type(), &detail::HostBinding<F>::call, &environment};
}

}  // namespace merlon::wasm
