// merlon-pool: makes keeps ahead, for who runs workloads on this machine.

#include <array>
#include <csignal>

#include "merlon/base/text.h"
#include "merlon/command/serve.h"
#include "merlon/os/detach.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/pool/options.h"
#include "merlon/workload/package.h"

namespace {

using namespace merlon;
using base::concat;

constexpr int usage = 2;
constexpr int unusable = 1;

core::Result<void, std::string> prepare(pool::Service& service, const pool::Options& options) {
  for (const std::string& path : options.prepare) {
    auto package = workload::open_package(path, std::nullopt);
    if (!package) return package.error().text;
    TRY(service.learn(package->module, package->name, options.network, options.directories));
  }
  return {};
}

int run(const pool::Options& options, const command::Terminal& terminal) {
  static_cast<void>(os::allow_open_files());
  // What a terminal does to a group of processes is for those who were started from it.
  os::leave_terminal();
  auto signals = os::SignalFile::open({SIGTERM, SIGINT});
  if (!signals) return command::fail(terminal, "cannot wait for signals", unusable);
  auto listener = os::listen_local_anew(options.socket);
  if (!listener) {
    return command::fail(
        terminal, concat("cannot listen at ", options.socket, ": ", os::describe(listener.error())),
        unusable);
  }
  pool::Service service(options.settings, *std::move(listener),
                        [&](std::string_view line) { command::fail(terminal, line, 0); });
  const auto prepared = prepare(service, options);
  if (prepared) {
    command::fail(terminal, concat("keeps wait at ", options.socket), 0);
    service.serve(*signals);
  }
  os::remove_socket(options.socket);
  return prepared ? 0 : command::fail(terminal, prepared.error(), unusable);
}

int serve(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto options = pool::options_of(arguments, terminal);
  if (!options) return command::fail(terminal, options.error(), usage);
  return run(*options, terminal);
}

constexpr auto handlers = std::array{command::Handler{"serve", &serve}};

}  // namespace

int main(int argc, char** argv) {
  os::ignore_broken_pipes();
  return command::serve_service(argc, argv, pool::program(), handlers);
}
