#pragma once

// The commands of merlon for brokers (docs/release.md); a part of the table (table.cc).

#include <array>

#include "merlon/cli/table_deploy.h"

namespace merlon::cli::table {

inline constexpr OptionSpec broker_url{
    "--broker", "URL",
    "The broker: a Steward with --release-store, https://HOST[:PORT]. Also from MERLON_BROKER."};
inline constexpr OptionSpec broker_ca{
    "--ca-bundle",
    "FILE",
    "Whose certificates broker and registry may show, in PEM; those of the web if none is given. "
    "Also from MERLON_CA_BUNDLE.",
    false,
    {},
    true};
inline constexpr OptionSpec broker_token{
    "--token",
    "FILE",
    "Your bearer token for the broker; - is the first line of standard input. Also from "
    "MERLON_TOKEN, which is the token itself.",
    false,
    {},
    true};
inline constexpr auto deposit_positionals = std::array{PositionalSpec{
    "PACKAGE",
    "Its name at a registry, HOST/USER/REPO:TAG, perhaps with @sha-256= and its digest."}};
inline constexpr auto deposit_options = std::array{
    broker_url,
    broker_token,
    broker_ca,
    OptionSpec{
        "--policy",
        "FILE",
        "Which keeps get it, in TOML (see evidence policy init); it must name a measurement or "
        "a signer.",
        false,
        {},
        true},
    OptionSpec{"--name", "LABEL",
               "What the deposit is called in lists; the package's last word if not given."},
    OptionSpec{"--releases", "NUMBER", "How many keeps may get it: 1 if not given."},
    OptionSpec{"--until", "TIME",
               "How long, e.g. 2026-12-31 or 2026-12-31T12:00:00Z, at most 366 days; 30 days from "
               "now if not given."},
    OptionSpec{"--replace", "ID",
               "Change this deposit: all of it anew, with as many releases as are named now."},
    OptionSpec{"--host-hears", "",
               "Let whoever starts the keep hear what the workload writes, and how it ends; "
               "without it nobody does."},
    OptionSpec{"--input",
               "FILE",
               "What the workload reads on its standard input, at most 64 KiB; nothing if not "
               "given.",
               false,
               {},
               true},
    accept_new_digest,
    signed_by,
    content_key,
    registry_helper,
    OptionSpec{
        "--config", "FILE", "An Enarx.toml to use instead of the package's own.", false, {}, true},
    OptionSpec{"--env", "NAME=VALUE", "An environment variable for the program.", true},
    OptionSpec{"--invoke", "NAME", "Call this exported function instead of _start."},
    OptionSpec{"--timeout", "TIME", "End the program after this time, e.g. 1.5s, 200ms or 2m."},
    OptionSpec{
        "--max-memory", "SIZE",
        "The most that memories, tables and exceptions of the program may take together, e.g. 64M."},
    json_option,
};
inline constexpr auto release_id = std::array{
    PositionalSpec{"ID", "The deposit's id, as release deposit and release list print it."}};
inline constexpr auto release_options =
    std::array{broker_url, broker_token, broker_ca, json_option};
inline constexpr auto release_remove_options = std::array{broker_url, broker_token, broker_ca};
inline constexpr auto release_run_options = std::array{
    broker_url,
    OptionSpec{
        "--backend", "NAME",
        "The kind of keep: snp or sgx, or a simulation, snp-sim or sgx-sim. Also from MERLON_BACKEND or ENARX_BACKEND.",
        false, host::accepted_backends},
    OptionSpec{"--to", "URL",
               "A gatehouse to start the keep at; this machine if none is given. Also from "
               "MERLON_GATEHOUSE."},
    OptionSpec{"--ca-bundle",
               "FILE",
               "Whose certificates broker and gatehouse may show, in PEM; those of the web if none "
               "is given. Also from MERLON_CA_BUNDLE.",
               false,
               {},
               true},
    keeps_options[2],
    keeps_options[3],
    OptionSpec{
        "--token",
        "FILE",
        "Your bearer token for the gatehouse; the broker wants none. Also from MERLON_TOKEN, "
        "which is the token itself.",
        false,
        {},
        true},
    OptionSpec{"--grant-network", "",
               "Let a keep on this machine have all that the deposit asks of its network: ports to "
               "listen on, and connections to this machine itself. Without it only connections to "
               "others."},
    OptionSpec{"--detach", "", "Print the keep's id and leave it running at the gatehouse."},
    OptionSpec{"--signatures",
               "FILE",
               "What the keep's owner signed, from merlon sign or Enarx (backend snp-sim).",
               false,
               {},
               true},
};

inline constexpr auto release_commands = std::array{
    CommandSpec{
        "release deposit", "Leave a package with a broker that judges keeps for you",
        "The broker then does in your place what deploy does. What you leave: your policy, where the "
        "package lies with its digests and content key, its arguments and "
        "variables, and how often and until when it may be given. Prints the deposit's id, by which "
        "whoever has machines starts it (release run), and your name as a tenant there, which a "
        "registry's admission rule can ask for. The broker can read what you leave: use one that "
        "runs in a keep, or is yours.",
        deposit_positionals, deposit_options, "ARGUMENT"},
    CommandSpec{"release list",
                "List what you left with a broker",
                "Id, name, releases given and left, until when.",
                {},
                release_options},
    CommandSpec{"release show", "Show one deposit", "", release_id, release_options},
    CommandSpec{"release remove", "Take a deposit back", "From then on no keep gets it.",
                release_id, release_remove_options},
    CommandSpec{
        "release run", "Start a keep for what a tenant left with a broker",
        "Carries the broker's challenge to a new keep, the keep's proof to the broker, and what the "
        "broker seals to the keep. Needs no secret of the tenant's. What the workload says is heard "
        "if the tenant allows it. Exit status: the program's, by the keep's word, if it is heard; "
        "else 0 when the keep has ended; 3 if the broker refuses.",
        release_id, release_run_options},
};

}  // namespace merlon::cli::table
