#include "merlon/steward_service/table.h"

#include <array>

#include "merlon/base/version.h"
#include "merlon/command/own_commands.h"

namespace merlon::steward_service {

namespace {

using command::CommandSpec;
using command::ManItem;
using command::ManSection;
using command::OptionSpec;
using command::path_option;
using command::PositionalSpec;

constexpr auto serve_options = std::array{
    path_option("--key", "FILE",
                "The CA's private key, in PEM (P-256 or P-384). Also -k, or STEWARD_KEY."),
    path_option(
        "--crt", "FILE",
        "The CA's certificate in PEM, and behind it who issued it. Also -c, or STEWARD_CRT."),
    path_option(
        "--ca", "DIR",
        "In place of --key and --crt: authorities that merlon-steward ca made, and lets one take "
        "the place of another."),
    OptionSpec{"--host", "NAME",
               "In place of --key and --crt: make a CA of this name, which ends with the process. "
               "Also RENDER_EXTERNAL_HOSTNAME."},
    OptionSpec{"--san", "NAME",
               "A DNS name of every certificate; several with commas. Also STEWARD_SAN.", true},
    OptionSpec{"--port", "NUMBER", "Where to listen; 3000 if not given. Also -p, or ROCKET_PORT."},
    OptionSpec{"--addr", "ADDRESS",
               "Numeric; :: if not given, which is all addresses. Also -a, or ROCKET_ADDRESS."},
    OptionSpec{"--listen", "ADDRESS:PORT", "In place of --addr and --port, and more than once.",
               true},
    path_option(
        "--policy", "FILE",
        "What is accepted: a policy of Merlon's (merlon evidence policy init) or an Enarx "
        "Steward's configuration. Without it: anything genuine, fresh and not for debugging."),
    path_option("--config", "FILE", "The same as --policy."),
    path_option("--endorsements", "PATH",
                "A directory or a file with certificates, revocation lists and Intel's documents.",
                true),
    path_option(
        "--early", "PATH",
        "Intel's early documents (update=early): no verdict comes of them, but platforms that they "
        "would refuse are counted and shown.",
        true),
    path_option(
        "--state", "DIR",
        "Where it remembers the newest that the vendors had signed, and logs each certificate "
        "before it leaves; made if it is not there."),
    OptionSpec{
        "--lifetime", "TIME",
        "How long certificates count: 24h if not given, or what --ca says, and no longer than that."},
    OptionSpec{"--renew", "PLATFORM",
               "Get what endorses a kind of platform ahead of its end, and VCEKs of its chips when "
               "they are needed: Milan, Genoa, Turin or an FMSPC. Needs --state and merlon-fetch.",
               true},
    path_option("--fetcher", "FILE", "Where merlon-fetch is; beside this program if not given."),
    OptionSpec{"--intel-url", "URL", "With --renew: a cache to ask instead of Intel's service."},
    OptionSpec{"--intel-root-url", "URL", "The same for the root's revocation list."},
    OptionSpec{"--amd-url", "URL", "A cache to ask instead of AMD's key distribution service."},
    path_option("--tls-key", "FILE",
                "The private key of this service's own TLS, in PEM. Without it HTTP is plain."),
    path_option("--tls-crt", "FILE", "Its certificate and who issued it, in PEM."),
    OptionSpec{"--development", "",
               "Accept simulators that the policy names, and keeps without hardware. Their "
               "certificates say so."},
    OptionSpec{"--at", "TIME",
               "Judge for this time instead of now, e.g. 2025-06-20T00:00:00Z; for --development."},
    OptionSpec{
        "--watch", "TIME",
        "How often files are looked at for changes: 2s if not given, 0 for never. SIGHUP has "
        "them read at once."},
    OptionSpec{"--drain", "TIME", "How long a stop waits for requests that run: 30s if not given."},
    OptionSpec{"--workers", "NUMBER",
               "Requests that are judged at the same time; one for each processor if not given."},
    OptionSpec{"--connections", "NUMBER", "Open at a time, at most: 4096 if not given."},
    OptionSpec{"--per-address", "NUMBER",
               "Of these of one address: 256 if not given. Behind a proxy, all have its address."},
    path_option(
        "--release-store", "FILE",
        "Be a broker as well, which supplies keeps in tenants' places, and keep their deposits in "
        "this file (SQLite), made if it is not there. Needs --release-key, --state and "
        "--oidc-issuer."),
    path_option(
        "--release-key", "FILE",
        "64 hexadecimal digits, under which deposits lie sealed: openssl rand -hex 32. Keep it "
        "apart from the store and its copies."),
    OptionSpec{
        "--oidc-issuer", "URL",
        "An issuer of OpenID Connect: whoever shows a bearer token of his is a tenant of the "
        "broker, by issuer and subject. https:// (http:// of this machine with "
        "--development).",
        true},
    OptionSpec{"--oidc-audience", "NAME",
               "Whom such a token must be for; one of these, if several are given.", true},
    path_option("--ca-bundle", "FILE",
                "Whose certificates issuers may show, in PEM; those of the web if none is given."),
    OptionSpec{"--release-deposits", "NUMBER", "Deposits of all tenants: 4096 if not given."},
    OptionSpec{"--release-per-tenant", "NUMBER", "Of these of one tenant: 256 if not given."},
    path_option(
        "--credentials", "DIR",
        "Give credentials to keeps as well, by which they show that they were accepted without "
        "showing which they are; keys and what was given lie in this directory, made if it is not "
        "there. Needs --credential-issuer."),
    OptionSpec{"--credential-issuer", "NAME",
               "What the keys say whose they are, such as https://steward.example.org."},
    OptionSpec{"--credential-limit", "NUMBER",
               "How often a credential may be shown to one audience: 100 if not given."},
    OptionSpec{"--credential-epoch", "TIME", "How long a key counts: 7d if not given."},
    OptionSpec{
        "--release-pace", "NUMBER",
        "Challenges and releases that one address may ask for in a minute: 120 if not given, "
        "0 for as many as it likes."},
};

constexpr auto ca_positionals = std::array{PositionalSpec{"DIR", "The directory of serve --ca."}};

constexpr std::array<std::string_view, 2> curves{"P-256", "P-384"};

constexpr OptionSpec ca_name{"--name", "TEXT",
                             "The common name of a new authority, before digits of its key; "
                             "Steward if not given."};
constexpr OptionSpec ca_organization{"--organization", "TEXT",
                                     "Its organization; none if not given."};
constexpr OptionSpec ca_end{"--ends-after", "TIME", "How long it counts: 365d if not given."};
constexpr OptionSpec ca_curve{"--curve", "CURVE", "Of its key: P-256 if not given.", false, curves};

constexpr auto ca_init_options = std::array{
    ca_name, ca_organization, ca_end, ca_curve,
    OptionSpec{"--lifetime", "TIME",
               "The longest that certificates of keeps will count, for good: 24h if not given."}};
constexpr auto ca_show_options = std::array{
    OptionSpec{"--pem", "", "Print nothing but the certificates that are to be trusted."}};
constexpr auto ca_rotate_options = std::array{
    ca_name,
    ca_organization,
    ca_end,
    ca_curve,
    OptionSpec{"--wait", "TIME",
               "With the first step: how long until the new authority may sign, 24h if not given."},
    OptionSpec{"--continue", "", "Go on with a rotation that has begun, but begin none."}};

constexpr auto log_positionals =
    std::array{PositionalSpec{"PATH", "The directory of --state, or its file issued.log."}};

constexpr auto all_commands = std::array{
    CommandSpec{
        "serve",
        "Answer certification requests of keeps",
        "Judges the evidence in each request by the policy and gives a certificate, or the reason "
        "why not. This is what merlon-steward does where no command is named. Arguments may also "
        "stand in a file: @FILE, in TOML.",
        {},
        serve_options},
    CommandSpec{"check",
                "Read all files, say what would count, and end",
                "Takes the options of serve. Prints the rules of the policy as they will be "
                "compared, and what whoever runs the service should know. Exit status: 0, or 1 if "
                "it would not start.",
                {},
                serve_options},
    CommandSpec{"log verify", "Check that the log of issued certificates is whole",
                "Each line holds the digest of the one before: one that was changed, taken out or "
                "put in is found. Exit status: 0, or 1 if the log is not whole.",
                log_positionals},
    CommandSpec{"ca init", "Make an authority for serve --ca",
                "In a directory that is made if it is not there. Keys are readable for their owner "
                "alone.",
                ca_positionals, ca_init_options},
    CommandSpec{"ca show", "Show the authorities of a directory",
                "Who signs, who is to be trusted, and what the next step of a rotation is.",
                ca_positionals, ca_show_options},
    CommandSpec{"ca rotate", "Let another authority take the place of the one that signs",
                "Makes one step: announces another, then has it sign, then drops the old one; "
                "nothing before its time. It may be run as often as one likes, and again after a "
                "crash. A service that runs takes up each step by itself. Exit status: 0, also if "
                "there was nothing to do, or 1.",
                ca_positionals, ca_rotate_options},
    command::completion_command,
    command::man_command,
};

constexpr auto variables = std::array{
    ManItem{"STEWARD_KEY, STEWARD_CRT, STEWARD_SAN, ROCKET_PORT, ROCKET_ADDRESS, "
            "RENDER_EXTERNAL_HOSTNAME",
            "As Enarx's Steward reads them; an option counts more."},
};
constexpr auto signals = std::array{
    ManItem{"SIGTERM, SIGINT", "Take no more connections, answer what has begun, end."},
    ManItem{"SIGHUP",
            "Read all files again. If they cannot be used the old ones stay, and the log "
            "says so."},
};
constexpr auto statuses = std::array{
    ManItem{"0", "It was told to end."},
    ManItem{"1", "Files or options cannot be used."},
    ManItem{"2", "The command line is wrong."},
};
constexpr auto sections =
    std::array{ManSection{"ENVIRONMENT", variables}, ManSection{"SIGNALS", signals},
               ManSection{"EXIT STATUS", statuses}};

constexpr command::Program the_program{"merlon-steward", base::version,
                                       "Gives certificates to keeps whose evidence it accepts.",
                                       all_commands, sections};

}  // namespace

const command::Program& program() noexcept { return the_program; }

}  // namespace merlon::steward_service
