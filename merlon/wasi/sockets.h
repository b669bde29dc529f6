#pragma once

// How a guest opens connections: the functions and records of WAMR's socket extension, of which a
// guest finds those of clients. Inputs are as hostile as those of api.h.

#include "merlon/wasi/api.h"

namespace merlon::wasi::sockets {

#define MERLON_SOCKET_CALL(name, ...) \
  [[nodiscard]] Result<void> name(Context& context, GuestMemory memory, __VA_ARGS__);
#define MERLON_SOCKET_OPTION(name, ...) \
  [[nodiscard]] Result<void> name(Context& context, GuestMemory memory, __VA_ARGS__);
#define MERLON_SOCKET_OPTION_OF_TWO MERLON_SOCKET_OPTION
#include "merlon/wasi/sockets.def"
#undef MERLON_SOCKET_CALL
#undef MERLON_SOCKET_OPTION
#undef MERLON_SOCKET_OPTION_OF_TWO

}  // namespace merlon::wasi::sockets
