#include "merlon/host/sgx/quote_relay.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/launch/aesm.h"
#include "merlon/os/channel.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::host::sgx {

namespace {

/// One question and its answer.
core::Result<void> relay_one(os::BorrowedFd channel, const std::string& socket) {
  const auto question = TRY(launch::receive_aesm_message(channel));
  const auto service = os::connect_local(socket, aesm::default_patience);
  if (!service) return os::to_error(service.error(), "aesmd cannot be reached");
  const auto asked = os::write_all(*service, launch::aesm_frame(question));
  if (!asked) return os::to_error(asked.error(), "aesmd takes no question");
  const auto answer = TRY(launch::receive_aesm_message(*service));
  const auto told = os::write_all(channel, launch::aesm_frame(answer));
  if (!told) return os::to_error(told.error(), "nobody listens");
  return {};
}

}  // namespace

core::Result<aesm::QuoteService, HostError> start_quote_relay() {
  const auto own = os::own_program();
  auto channel = os::open_channel();
  if (!own || !channel) {
    return HostError{core::ErrorCode::Internal, "cannot open a channel to whoever quotes"};
  }
  const std::array<std::string, 3> arguments{"merlon-vmm-sgx", "--relay-quotes",
                                             std::string(aesm::aesmd_socket)};
  const std::array<os::BorrowedFd, 1> files{os::BorrowedFd(channel->there)};
  const auto process = os::ChildProcess::spawn(*own, arguments, files);
  if (!process) {
    return HostError{core::ErrorCode::NotFound,
                     base::concat("cannot start ", *own, ": ", os::describe(process.error()))};
  }
  return aesm::QuoteService::over(std::move(channel->here), "aesmd");
}

void relay_quotes(os::BorrowedFd channel, const std::string& socket) {
  while (relay_one(channel, socket)) {
  }
}

}  // namespace merlon::host::sgx
