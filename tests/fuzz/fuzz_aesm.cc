// Any bytes as a message between a host and aesmd, either way: what can be read of a request is
// written as it was, and the simulator in aesmd's place answers it.
#include <algorithm>

#include "merlon/simulate/aesm_server.h"
#include "merlon/simulate/sgx_chain.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

using namespace merlon;

simulate::AesmServer& server() {
  static simulate::AesmServer made = [] {
    auto machine = simulate::make_sgx_machine({1'780'000'000}).value();
    simulate::SgxPlatform platform{
        machine.chain.platform(), std::move(machine.keys.pck), std::move(machine.keys.attestation),
        simulate::EnclaveProcessor(std::move(machine.keys.fuse), machine.chain.platform().cpu_svn),
        machine.chain.pck_chain()};
    return simulate::AesmServer(simulate::LateSgxPlatform(std::move(platform)));
  }();
  return made;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::ByteView bytes(data, size);
  if (const auto request = launch::AesmRequest::parse(bytes)) {
    if (launch::AesmRequest::parse(request->bytes()).value() != *request) std::abort();
    const auto answer = server().answer(bytes);
    // Nobody who knows no secret of the machine has made a report that it quotes.
    const bool quotes = answer && answer->command == launch::AesmCommand::Quote;
    if (!answer || (quotes && answer->error == 0)) std::abort();
  } else {
    fuzz::expect_no_defect(request.error());
  }
  if (const auto answer = launch::AesmAnswer::parse(bytes)) {
    const auto again = launch::AesmAnswer::parse(answer->bytes());
    if (!again || again->error != answer->error) std::abort();
  } else {
    fuzz::expect_no_defect(answer.error());
  }
  return 0;
}
