#include "merlon/container/sealed_keep.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/container/door.h"
#include "merlon/container/keep_of.h"
#include "merlon/host/programs.h"
#include "merlon/os/detach.h"
#include "merlon/os/open.h"
#include "merlon/os/socket.h"

namespace merlon::container {

using base::concat;

Checked<os::Fd> open_tenants_door(const Asked& asked) {
  auto door = os::listen_tcp(asked.door.host, asked.door.port);
  if (door) return *std::move(door);
  return Refusal{concat("annotation org.merlon.door: cannot listen on ", door::describe(asked.door),
                        ": ", os::describe(door.error()))};
}

Refusal become_door(const InitOrder& order, os::BorrowedFd door) {
  const auto program = host::find_program("merlon-door");
  if (!program) return {program.error().text};
  const auto config = os::memory_file("merlon config", core::as_bytes(order.text));
  if (!config) return {concat("config.json: ", os::describe(config.error()))};
  if (const auto taken = take_identity(order.config); !taken) return {taken.error().text};
  if (door.number() >= DoorCall::door_number || config->number() >= DoorCall::door_number) {
    return {"too many descriptors are open"};
  }
  const auto config_put = os::put_in_place_of(DoorCall::config_number, *config);
  const auto door_put = os::put_in_place_of(DoorCall::door_number, door);
  if (!config_put || !door_put) return {"the door's descriptors cannot be put in place"};
  const std::array words{
      std::string("merlon-door"), std::string(host::name_of(order.asked.terms.backend)),
      order.settings.simulator,   order.settings.sgx_simulator,
      order.settings.signatures,  order.settings.volumes};
  const os::Errno reason = os::become(*program, words);
  return {concat("cannot become ", *program, ": ", os::describe(reason))};
}

}  // namespace merlon::container
