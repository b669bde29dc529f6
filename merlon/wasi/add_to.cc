#include "merlon/wasi/add_to.h"

#include "merlon/wasi/api.h"
#include "merlon/wasi/snapshot0.h"
#include "merlon/wasi/sockets.h"
#include "merlon/wasm/exec/host.h"

namespace merlon::wasi {
namespace {

using Answer = wasm::HostResult<std::int32_t>;

Answer answer(const Result<void>& result) noexcept {
  if (result.has_value()) return std::int32_t{0};
  const Failure& failure = result.error();
  switch (failure.kind) {
    case Failure::Kind::Errno: return static_cast<std::int32_t>(failure.number);
    case Failure::Kind::Exit: return wasm::HostStop::exit(failure.exit_code);
    case Failure::Kind::Interrupted: return wasm::HostStop::trap(wasm::TrapKind::Interrupted);
  }
  return wasm::HostStop::trap(wasm::TrapKind::HostError);
}

/// One of api.def's functions in the form that the engine calls.
template <auto Function>
struct Bound;

template <typename... Parameters, Result<void> (*Function)(Context&, GuestMemory, Parameters...)>
struct Bound<Function> {
  static Answer call(Context& context, wasm::Caller& caller, Parameters... parameters) {
    return answer(Function(context, GuestMemory(caller.memory()), parameters...));
  }
};

/// proc_exit has no result in the witx: it does not return.
template <>
struct Bound<&api::proc_exit> {
  static wasm::HostResult<void> call(Context& context, wasm::Caller& caller, std::uint32_t rval) {
    const Answer stop = answer(api::proc_exit(context, GuestMemory(caller.memory()), rval));
    return stop.has_value() ? wasm::HostStop::trap(wasm::TrapKind::HostError) : stop.error();
  }
};

/// Of names that a module imports from us, those that there are. Only these become definitions: a
/// map of all would cost every start more than some programs run.
void define_preview1(wasm::Imports& imports, Context& context, std::string_view function) {
#define MERLON_WASI_CALL(name, ...)                                                \
  if (function == #name) {                                                         \
    return imports.define(module_name, #name,                                      \
                          wasm::host_function<&Bound<&api::name>::call>(context)); \
  }
#include "merlon/wasi/api.def"
#undef MERLON_WASI_CALL
}

/// Of the same module, where WAMR has them too.
void define_sockets(wasm::Imports& imports, Context& context, std::string_view function) {
#define MERLON_SOCKET_CALL(name, ...)                                                  \
  if (function == #name) {                                                             \
    return imports.define(module_name, #name,                                          \
                          wasm::host_function<&Bound<&sockets::name>::call>(context)); \
  }
#define MERLON_SOCKET_OPTION MERLON_SOCKET_CALL
#define MERLON_SOCKET_OPTION_OF_TWO MERLON_SOCKET_CALL
#include "merlon/wasi/sockets.def"
#undef MERLON_SOCKET_CALL
#undef MERLON_SOCKET_OPTION
#undef MERLON_SOCKET_OPTION_OF_TWO
}

void define_snapshot0(wasm::Imports& imports, Context& context, std::string_view function) {
  if (function == "sock_accept") return;  // came with preview 1
#define MERLON_WASI_CALL(name, ...)                                                      \
  if (function == #name) {                                                               \
    return imports.define(snapshot0::module_name, #name,                                 \
                          wasm::host_function<&Bound<&snapshot0::name>::call>(context)); \
  }
#include "merlon/wasi/api.def"
#undef MERLON_WASI_CALL
}

}  // namespace

void add_to(wasm::Imports& imports, Context& context, const wasm::Module& module) {
  for (const wasm::Import& import : module.imports) {
    if (import.module == module_name) {
      define_preview1(imports, context, import.name);
      define_sockets(imports, context, import.name);
    }
    if (import.module == snapshot0::module_name) define_snapshot0(imports, context, import.name);
  }
  // So that the message about a name that is not there does not say that the module is not.
  define_preview1(imports, context, "proc_exit");
  define_snapshot0(imports, context, "proc_exit");
}

}  // namespace merlon::wasi
