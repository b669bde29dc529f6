#include "merlon/gatehouse/options.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/base/version.h"
#include "merlon/command/numbers.h"
#include "merlon/command/own_commands.h"
#include "merlon/command/state_path.h"
#include "merlon/delivery/sealed.h"
#include "merlon/service/listeners.h"

namespace merlon::gatehouse {

using base::concat;
using command::CommandSpec;
using command::number_of;
using command::OptionSpec;
using command::path_option;
using command::PositionalSpec;

namespace {

constexpr auto serve_options = std::array{
    OptionSpec{"--listen", "ADDRESS:PORT", "Where to listen; 127.0.0.1:8443 if not given.", true},
    path_option(
        "--state", "DIR",
        "Where the keeps' folders are, made if it is not there; $XDG_STATE_HOME/merlon/gatehouse "
        "(~/.local/state) if not given."),
    path_option("--tls-key", "FILE", "The private key of this service's TLS, in PEM."),
    path_option("--tls-crt", "FILE", "Its certificate and who issued it, in PEM."),
    path_option(
        "--tenants", "FILE",
        "Certificates in PEM: whoever shows a client certificate that one of these vouches for is "
        "a tenant."),
    OptionSpec{"--oidc-issuer", "URL",
               "An issuer of OpenID Connect: whoever shows a bearer token of his is a tenant, by "
               "issuer and subject. https:// (http:// of this machine with --development).",
               true},
    OptionSpec{"--oidc-audience", "NAME",
               "Whom such a token must be for; one of these, if several are given.", true},
    path_option("--ca-bundle", "FILE",
                "Whose certificates issuers may show, in PEM; those of the web if none is given."),
    OptionSpec{"--development", "",
               "Serve without TLS, on addresses of this machine only; and whoever asks as one "
               "tenant, unless there is --oidc-issuer."},
    OptionSpec{"--backend", "NAME",
               "A kind of keep that tenants may ask for; snp-sim if none is given.", true,
               host::accepted_backends},
    path_option(
        "--simulator", "DIR",
        "The simulated platform of backend snp-sim; $XDG_STATE_HOME/merlon/simulator if not "
        "given."),
    path_option("--simulator-sgx", "DIR",
                "That of backend sgx-sim; $XDG_STATE_HOME/merlon/simulator-sgx if not given."),
    OptionSpec{"--keeps", "NUMBER", "Keeps that run at a time, at most: 256 if not given."},
    OptionSpec{"--keeps-per-tenant", "NUMBER", "Of these of one tenant: 16 if not given."},
    OptionSpec{
        "--ended-keeps", "NUMBER",
        "Keeps of one tenant that have ended and stay known: 64 if not given. When he starts "
        "another, the oldest ends are forgotten."},
    OptionSpec{"--ended-size", "MIB",
               "What these may hold, their output above all: 1024 if not given; likewise."},
    OptionSpec{"--all-ended-keeps", "NUMBER",
               "Those of all tenants: 1024 if not given; the oldest of whoever has the most go."},
    OptionSpec{"--all-ended-size", "MIB", "What these may hold: 16384 if not given; likewise."},
    OptionSpec{"--volumes", "NUMBER", "Sealed volumes of one tenant: 16 if not given."},
    OptionSpec{"--all-volumes", "NUMBER",
               "Those of all tenants: 256 if not given; one more is refused."},
    OptionSpec{"--volume-size", "MIB", "What one volume may hold here: 4096 if not given."},
    OptionSpec{
        "--cgroup", "DIR",
        "Where each keep's processes get a control group: a delegated directory of cgroup v2, "
        "or one with those of v1; below the gatehouse's own if not given, and none where it "
        "may make none there. none: nowhere."},
    OptionSpec{
        "--keep-memory", "MIB",
        "Memory of all processes of a keep, at most; else what its tenant asks for, and half "
        "a GiB."},
    OptionSpec{"--keep-cpu", "PERCENT", "Processor time of a keep, at most; 100 is one processor."},
    OptionSpec{"--keep-processes", "NUMBER",
               "Processes and threads of a keep, at most: 256 if not given."},
    OptionSpec{"--allow-local", "",
               "Workloads may connect with this machine itself: loopback and link-local addresses, "
               "and names that lead there. With --development they may anyway."},
    OptionSpec{"--workers", "NUMBER",
               "Requests that are handled at the same time; whoever waits for a keep's output "
               "takes one. 64 if not given."},
};

constexpr auto all_commands = std::array{
    CommandSpec{
        "serve",
        "Start keeps for tenants, and carry sealed bytes between them",
        "Tenants ask for empty keeps, judge their evidence, and deliver workloads that this "
        "service cannot read (merlon deploy --to). Keeps go on when it ends, and it finds "
        "them again. This is what merlon-gatehouse does where no command is named. Arguments may "
        "also stand in a file: @FILE, in TOML. docs/gatehouse.md.",
        {},
        serve_options},
    command::completion_command,
    command::man_command,
};

constexpr command::Program gatehouse{"merlon-gatehouse", base::version,
                                     "Keeps for tenants, on a machine that they need not trust.",
                                     all_commands};

constexpr command::NumberRange numbers{1, 10'000'000};

Checked<void> check(const Options& options) {
  if (options.house.folder.empty()) {
    return std::string("--state: neither XDG_STATE_HOME nor HOME says where keeps are to be");
  }
  TRY(service::check(options.issuers));
  if (options.development) return service::check_own(options.listen);
  const bool nobody = options.tls.clients.empty() && options.issuers.issuers.empty();
  if (options.tls.key.empty() || options.tls.certificate.empty() || nobody) {
    return std::string(
        "--tls-key, --tls-crt and --tenants or --oidc-issuer must be given; or --development, to "
        "try it out");
  }
  return {};
}

/// Of a request under way: its keep's files, and what a start of a keep takes.
constexpr std::size_t files_of_worker = 6;
/// Of the process itself, and of connections that http refuses.
constexpr std::size_t own_files = 320;

}  // namespace

std::size_t connections_within(std::uint64_t files, std::size_t workers,
                               std::size_t wanted) noexcept {
  const std::uint64_t own = own_files + std::uint64_t{files_of_worker} * workers;
  // Few are left for both where even that is too much.
  constexpr std::uint64_t part = 4;
  const std::uint64_t left = std::max(files > own ? files - own : 0, files / part);
  return std::clamp<std::uint64_t>(left, 1, wanted);
}

const command::Program& program() noexcept { return gatehouse; }

Checked<Options> options_of(const command::Arguments& arguments,
                            const command::Terminal& terminal) {
  Options options;
  constexpr std::uint16_t usual_port = 8443;
  options.listen =
      TRY(service::addresses_of(arguments.values("--listen"), {"127.0.0.1", usual_port}));
  options.tls = {arguments.value("--tls-key"), arguments.value("--tls-crt"),
                 arguments.value("--tenants")};
  const auto all = [&](std::string_view name) {
    const auto values = arguments.values(name);
    return std::vector<std::string>(values.begin(), values.end());
  };
  options.development = arguments.has("--development");
  options.issuers = {all("--oidc-issuer"), all("--oidc-audience"), arguments.value("--ca-bundle"),
                     options.development};
  // A token does instead of a certificate.
  options.tls.must_show = options.issuers.issuers.empty();
  options.house.reaches_local = options.development || arguments.has("--allow-local");
  options.house.folder = arguments.value("--state", command::state_path(terminal, "gatehouse"));
  options.house.simulator =
      arguments.value("--simulator", command::state_path(terminal, "simulator"));
  options.house.simulator_sgx =
      arguments.value("--simulator-sgx", command::state_path(terminal, "simulator-sgx"));
  for (const std::string& each : arguments.values("--backend")) {
    const auto backend = host::find_backend(each);
    if (!backend) return concat("--backend: there is no ", base::quoted(each));
    options.house.backends.push_back(*backend);
  }
  if (options.house.backends.empty()) options.house.backends.push_back(host::Backend::SnpSim);
  options.house.keeps = TRY(number_of(arguments, "--keeps", numbers, options.house.keeps));
  options.house.keeps_per_tenant =
      TRY(number_of(arguments, "--keeps-per-tenant", numbers, options.house.keeps_per_tenant));
  HouseSettings& house = options.house;
  house.ended_per_tenant =
      TRY(number_of(arguments, "--ended-keeps", numbers, house.ended_per_tenant));
  house.ended_bytes = TRY(number_of(arguments, "--ended-size", numbers, house.ended_bytes >> 20U))
                      << 20U;
  house.all_ended = TRY(number_of(arguments, "--all-ended-keeps", numbers, house.all_ended));
  house.all_ended_bytes =
      TRY(number_of(arguments, "--all-ended-size", numbers, house.all_ended_bytes >> 20U)) << 20U;
  house.volumes_per_tenant =
      TRY(number_of(arguments, "--volumes", numbers, house.volumes_per_tenant));
  house.all_volumes = TRY(number_of(arguments, "--all-volumes", numbers, house.all_volumes));
  house.volume_bytes = TRY(number_of(arguments, "--volume-size", numbers, 0)) << 20U;
  options.cgroup = arguments.value("--cgroup");
  constexpr std::size_t usual_processes = 256;
  GroupLimits& limits = options.house.limits;
  limits.memory_bytes = TRY(number_of(arguments, "--keep-memory", numbers, 0)) << 20U;
  limits.processor_percent = TRY(number_of(arguments, "--keep-cpu", numbers, 0));
  limits.processes = TRY(number_of(arguments, "--keep-processes", numbers, usual_processes));
  options.workers = TRY(number_of(arguments, "--workers", numbers, options.workers));
  options.limits.body_bytes = delivery::max_size;
  options.limits.buffered_bytes = 4 * options.limits.body_bytes;
  TRY(check(options));
  return options;
}

}  // namespace merlon::gatehouse
