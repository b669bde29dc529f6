#include "merlon/drawbridge/options.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/base/version.h"
#include "merlon/command/numbers.h"
#include "merlon/command/own_commands.h"
#include "merlon/registry/names.h"
#include "merlon/service/listeners.h"

namespace merlon::drawbridge {

using base::concat;
using command::CommandSpec;
using command::number_of;
using command::OptionSpec;
using command::path_option;
using command::PositionalSpec;

namespace {

constexpr auto usual_serve_options = std::array{
    OptionSpec{"--listen", "ADDRESS:PORT", "Where to listen; 0.0.0.0:8080 if not given.", true},
    OptionSpec{"--addr", "ADDRESS:PORT", "The same, as Enarx has it."},
    path_option("--cert", "FILE",
                "The certificate of this service's TLS and who issued it, in PEM."),
    path_option("--key", "FILE", "Its private key, in PEM."),
    path_option(
        "--ca", "FILE",
        "Certificates of Stewards, in PEM: a keep that shows a certificate of theirs may read what "
        "a repository's rule lets it."),
    OptionSpec{"--oidc-issuer", "URL",
               "The issuer of OpenID Connect whose tokens name users; https:// (http:// of this "
               "machine with --development).",
               true},
    OptionSpec{"--oidc-audience", "NAME", "Whom such a token must be for.", true},
    path_option("--ca-bundle", "FILE",
                "Whose certificates issuers may show, in PEM; those of the web if none is given."),
    OptionSpec{"--development", "", "Serve without TLS, on addresses of this machine only."},
    OptionSpec{"--user-space", "MIB", "Room of each user: 10240 if not given."},
    OptionSpec{"--users-per-subject", "NUMBER",
               "Names that one subject of an issuer may take: 16 if not given."},
    OptionSpec{"--largest-file", "MIB", "The largest file of a package: 4096 if not given."},
    OptionSpec{"--reserve", "NAME", "A name that no user may take.", true},
    OptionSpec{"--workers", "NUMBER", "Requests that are handled at a time: 16 if not given."},
};

constexpr auto serve_options = with_options(own_store_options, usual_serve_options);

constexpr auto fsck_options = with_options(
    own_store_options,
    std::array{
        OptionSpec{
            "--repair", "",
            "Tags that have lost a content wait for it again: who pushes them once more mends "
            "them. Contents that nobody names are removed."},
        OptionSpec{"--json", "", "Print the findings as JSON."}});

constexpr auto gc_options = with_options(
    own_store_options,
    std::array{OptionSpec{"--patience", "HOURS",
                          "Uploads are given up after so long without a byte: 24 if not given."},
               OptionSpec{"--json", "", "Print what was removed as JSON."}});

constexpr auto migrate_options = with_options(
    with_options(own_store_options, new_store_options),
    std::array{OptionSpec{"--finish", "",
                          "The service of the old store is stopped: bring what is left, and let "
                          "the new store be served."},
               OptionSpec{"--json", "", "Print what was brought as JSON."}});

constexpr const StoreOptions& backup_options = own_store_options;
constexpr auto backup_positionals =
    std::array{PositionalSpec{"FILE", "Where the copy of the database is to be; must not exist."}};

constexpr auto all_commands = std::array{
    CommandSpec{
        "serve",
        "Keep packages and hand them out",
        "Clients and keeps of Enarx work with it as they are. This is what merlon-drawbridge does "
        "where no command is named. Arguments may also stand in a file: @FILE, in TOML. "
        "docs/drawbridge.md.",
        {},
        serve_options},
    CommandSpec{"fsck",
                "Read all that is kept and compare it",
                "Beside a service that runs. Exit status 1 if anything is lost.",
                {},
                fsck_options},
    CommandSpec{"gc",
                "Remove what nobody needs",
                "Contents that no tag names, and uploads that were given up; beside a service that "
                "runs.",
                {},
                gc_options},
    CommandSpec{"backup", "Copy the database beside a service that runs",
                "Copy the folder of objects behind it: what the database names is there then. "
                "docs/drawbridge.md says how to restore, and what to do for PostgreSQL.",
                backup_positionals, backup_options},
    CommandSpec{"migrate",
                "Bring all packages into another store",
                "Beside a service that runs on the old one; begun again it goes on where it was. "
                "Then stop that service, do it once more with --finish, and start one on the new "
                "store. Exit status 1 if the old store has lost a content.",
                {},
                migrate_options},
    command::completion_command,
    command::man_command,
};

constexpr command::Program drawbridge{"merlon-drawbridge", base::version,
                                      "A registry of packages that need not be trusted.",
                                      all_commands};

/// Users that pages and people would take for the service itself.
constexpr std::array<std::string_view, 12> reserved{
    "admin", "administrator", "api",  "drawbridge", "enarx",  "health",
    "login", "merlon",        "root", "static",     "system", "www"};

constexpr command::NumberRange numbers{1, 1'000'000'000};

Checked<void> check(const Options& options) {
  TRY(service::check(options.issuers));
  for (const std::string& each : options.reserved) {
    if (!registry::is_user(each)) {
      return concat("--reserve ", base::printable(each), ": no user could have this name");
    }
  }
  if (options.development) return service::check_own(options.listen);
  if (options.tls.key.empty() || options.tls.certificate.empty()) {
    return std::string("--cert and --key must be given; or --development, to try it out");
  }
  return {};
}

}  // namespace

const command::Program& program() noexcept { return drawbridge; }

Checked<Options> options_of(const command::Arguments& arguments,
                            std::string (*variable)(const char* name)) {
  Options options;
  options.store = TRY(place_of(arguments, own_store_options, variable));
  std::vector<std::string> addresses(arguments.values("--listen").begin(),
                                     arguments.values("--listen").end());
  if (arguments.has("--addr")) addresses.push_back(arguments.value("--addr"));
  options.development = arguments.has("--development");
  constexpr std::uint16_t usual_port = 8080;
  options.listen = TRY(service::addresses_of(
      addresses, {options.development ? "127.0.0.1" : "0.0.0.0", usual_port}));
  options.tls = {arguments.value("--key"), arguments.value("--cert"), arguments.value("--ca"),
                 false};
  const auto all = [&](std::string_view name) {
    const auto values = arguments.values(name);
    return std::vector<std::string>(values.begin(), values.end());
  };
  options.issuers = {all("--oidc-issuer"), all("--oidc-audience"), arguments.value("--ca-bundle"),
                     options.development};
  constexpr unsigned mebibyte = 20;
  options.quota.bytes =
      TRY(number_of(arguments, "--user-space", numbers, options.quota.bytes >> mebibyte))
      << mebibyte;
  options.quota.users =
      TRY(number_of(arguments, "--users-per-subject", numbers, options.quota.users));
  options.largest =
      TRY(number_of(arguments, "--largest-file", numbers, options.largest >> mebibyte)) << mebibyte;
  options.reserved = all("--reserve");
  for (const std::string_view each : reserved) options.reserved.emplace_back(each);
  options.workers = TRY(number_of(arguments, "--workers", numbers, options.workers));
  TRY(check(options));
  return options;
}

}  // namespace merlon::drawbridge
