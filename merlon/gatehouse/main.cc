// merlon-gatehouse: starts keeps for tenants, and carries sealed bytes between them.

#include <array>
#include <csignal>

#include "merlon/base/text.h"
#include "merlon/command/completion.h"
#include "merlon/command/man.h"
#include "merlon/command/serve.h"
#include "merlon/crypto/hash.h"
#include "merlon/gatehouse/options.h"
#include "merlon/gatehouse/service.h"
#include "merlon/http/log.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/signals.h"
#include "merlon/service/listeners.h"

namespace {

using namespace merlon;
using base::concat;
using gatehouse::Checked;
using gatehouse::Options;
using service::clock_now;

constexpr int usage = 2;
constexpr int unusable = 1;

/// Null: no token names anybody here. An issuer that does not answer now is asked again when
/// somebody shows a token of his.
std::unique_ptr<oidc::Issuers> issuers_of(const Options& options, http::Log& log) {
  if (options.issuers.issuers.empty()) return nullptr;
  const auto complain = [&log](const std::string& issuer, const std::string& why) {
    log.line(http::log_line(clock_now(), "error", "oidc", {{"issuer", issuer}, {"refused", why}}));
  };
  auto issuers = service::make_issuers(options.issuers, &clock_now, complain);
  if (issuers->warm_up()) log.line(http::log_line(clock_now(), "info", "oidc", {}));
  return issuers;
}

/// None where this process may make none, which `line` tells; where one was named, it
/// must do.
Checked<gatehouse::ControlGroups> groups_of(const Options& options, std::string& line) {
  if (options.cgroup == "none") return gatehouse::ControlGroups();
  constexpr std::size_t largest = 65536;
  const auto file = os::open_file("/proc/self/cgroup");
  const auto own = file ? os::read_all(*file, largest) : os::Errno::Noent;
  const std::string name =
      base::hex(crypto::sha256({core::as_bytes(options.house.folder)}).view().first(4));
  auto found = gatehouse::ControlGroups::find(
      options.cgroup, own ? core::as_text(*own) : std::string_view(), "/sys/fs/cgroup", name);
  if (!found && !options.cgroup.empty()) return concat("--cgroup: ", found.error());
  line = http::log_line(
      clock_now(), found ? "info" : "warning", "cgroups",
      {{"used", found ? found->described() : "none"}, {"refused", found ? "" : found.error()}});
  if (!found) return gatehouse::ControlGroups();
  return *std::move(found);
}

Checked<void> run(Options options, http::Log& log) {
  const os::SignalQueue signals({SIGTERM, SIGINT, SIGHUP});
  std::string about_groups;
  options.house.groups = TRY(groups_of(options, about_groups));
  gatehouse::House house(options.house);
  TRY(house.open());
  std::optional<tls::Context> tls;
  if (!options.development) tls = TRY(service::tls_of(options.tls));
  const auto issuers = issuers_of(options, log);
  std::optional<http::Server> server;
  gatehouse::Service service(
      house, {&clock_now, [&] { return server ? server->counters() : http::Counters{}; },
              options.development && !issuers, std::max<std::size_t>(options.workers / 2, 1),
              issuers.get()});
  http::Settings settings;
  settings.limits = options.limits;
  settings.workers = options.workers;
  settings.handler = [&](const http::Request& request) { return service.handle(request); };
  settings.refuse = [](unsigned status, std::string_view why, const http::Request& /*request*/) {
    return gatehouse::problem({status, "request.refused", std::string(why)});
  };
  settings.observe = [&](const http::Exchange& exchange) {
    log.line(http::request_line(clock_now(), exchange));
  };
  if (tls) settings.tls = [&] { return tls; };
  auto started = http::Server::start(TRY(service::listen_on(options.listen)), std::move(settings));
  if (!started) return concat("cannot serve: ", os::describe(started.error()));
  server.emplace(*std::move(started));
  for (const http::ListenAddress& each : options.listen) {
    log.line(http::log_line(clock_now(), "info", "listen",
                            {{"address", http::to_string(each)}, {"tls", tls ? "yes" : "no"}}));
  }
  if (!about_groups.empty()) log.line(about_groups);
  for (;;) {
    const auto signal = signals.wait(std::chrono::minutes(10));
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal != SIGHUP || options.development) continue;
    // Connections that are open go on as they are.
    auto again = service::tls_of(options.tls);
    log.line(http::log_line(clock_now(), again ? "info" : "error", "reload",
                            {{"refused", again ? "" : again.error()}}));
    if (again) tls = *std::move(again);
  }
  server->stop(std::chrono::seconds(5));
  return {};
}

int serve(const command::Arguments& arguments, const command::Terminal& terminal) {
  auto options = gatehouse::options_of(arguments, terminal);
  if (!options) return command::fail(terminal, options.error(), usage);
  const auto log = http::Log::start(
      [](const std::string& line) {
        return os::write_all(os::BorrowedFd(2), core::as_bytes(line)).has_value();
      },
      [] {});
  if (!log) return command::fail(terminal, "cannot start a thread", unusable);
  const auto ended = run(*std::move(options), **log);
  if (ended) return 0;
  return command::fail(terminal, ended.error(), unusable);
}

int completion(const command::Arguments& arguments, const command::Terminal& terminal) {
  const std::string shell = arguments.positional(0);
  if (const auto script = command::completion(gatehouse::program(), shell)) {
    return command::print(terminal, *script);
  }
  return command::fail(terminal, concat("there is no completion for ", base::quoted(shell)), usage);
}

int man(const command::Arguments& /*arguments*/, const command::Terminal& terminal) {
  return command::print(terminal, command::man_page(gatehouse::program()));
}

constexpr std::array handlers{command::Handler{"serve", &serve},
                              command::Handler{"completion", &completion},
                              command::Handler{"man", &man}};

}  // namespace

int main(int argc, char** argv) {
  os::ignore_broken_pipes();
  return command::serve(argc, argv, gatehouse::program(), handlers);
}
