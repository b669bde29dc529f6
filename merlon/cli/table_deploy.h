#pragma once

// The commands of merlon for tenants: deliveries, keeps, volumes; a part of the table (table.cc).

#include <array>

#include "merlon/cli/table_registry.h"
#include "merlon/command/command.h"
#include "merlon/host/backend.h"

namespace merlon::cli::table {

inline constexpr auto deploy_positionals = std::array{PositionalSpec{
    "PACKAGE",
    "A WebAssembly file, or a package: a directory with main.wasm and, if it needs "
    "more than the standard streams, Enarx.toml; or where either lies, file:// or "
    "https://, from where this command gets it; or its name at a registry, "
    "HOST/USER/REPO:TAG, perhaps with @sha-256= and its digest; or an artifact at an OCI "
    "registry, oci://HOST/NAME:TAG, perhaps with @sha256: and its digest."}};
inline constexpr std::array<std::string_view, 3> restart_policies{"never", "on-failure", "always"};
inline constexpr auto deploy_options = std::array{
    OptionSpec{"--policy",
               "FILE",
               "Which keeps get the workload, in TOML (see evidence policy init); it must name a "
               "measurement or a signer. Without it: the keep that this installation would launch, "
               "on genuine hardware.",
               false,
               {},
               true},
    OptionSpec{"--endorsements",
               "PATH",
               "A file or a directory with certificates, revocation lists and Intel's documents.",
               true,
               {},
               true},
    OptionSpec{"--no-memory", "",
               "Do not use, and do not keep, what earlier runs have seen (see evidence verify)."},
    OptionSpec{"--key",
               "FILE",
               "Your private key of P-256, by which the keep's claims name you; a new one for each "
               "delivery if none is given.",
               false,
               {},
               true},
    OptionSpec{"--volume-key",
               "FILE",
               "Your own key to the package's sealed volume, 64 hexadecimal digits: opens it where "
               "the machine's key does not, on another machine or in another version of the keep.",
               false,
               {},
               true},
    OptionSpec{"--volume-epoch", "N",
               "Seal the volume anew, under new keys, if this is more than before."},
    OptionSpec{"--volume-oldest-svn", "N",
               "Refuse the volume if it was sealed by a keep of an older security version."},
    OptionSpec{
        "--volume-oldest-tcb", "TCB",
        "Refuse the volume if it was sealed under an older version of the platform (0x…); of "
        "SGX, whose versions have no order, under another CPUSVN than this one."},
    OptionSpec{
        "--volume-any-state", "",
        "Take the volume as its host shows it, also if you know of a later state, or if it is "
        "gone."},
    OptionSpec{"--backend", "NAME",
               "The kind of keep: snp-sim; nil and kvm with --insecure-backend only. Also from "
               "MERLON_BACKEND or ENARX_BACKEND.",
               false, host::accepted_backends},
    OptionSpec{
        "--to", "URL",
        "The gatehouse of another machine, https://HOST[:PORT], or a container that waits for "
        "its workload, keep://HOST:PORT; this machine if none is given. Also from "
        "MERLON_GATEHOUSE."},
    OptionSpec{"--ca-bundle",
               "FILE",
               "Whose certificates the gatehouse may show, in PEM; those of the web if none is "
               "given. Also from MERLON_CA_BUNDLE.",
               false,
               {},
               true},
    OptionSpec{"--cert",
               "FILE",
               "Your client certificate for the gatehouse, in PEM. Also from MERLON_CERT.",
               false,
               {},
               true},
    OptionSpec{
        "--cert-key", "FILE", "Its private key. Also from MERLON_CERT_KEY.", false, {}, true},
    OptionSpec{
        "--token",
        "FILE",
        "Your bearer token for the gatehouse, read anew for each request; - is the first line "
        "of standard input. Also from MERLON_TOKEN, which is the token itself.",
        false,
        {},
        true},
    accept_new_digest,
    signed_by,
    content_key,
    OptionSpec{
        "--keep-fetches", "",
        "The keep gets the package from the registry by itself: what is delivered is where it "
        "lies, its digests and, of a sealed one, the content key."},
    registry_helper,
    registry_token_host,
    OptionSpec{"--detach", "",
               "Print the keep's id and leave it running at the gatehouse (see keeps); a container "
               "(keep://) goes on, and nobody hears what its workload writes."},
    OptionSpec{
        "--restart", "WHEN",
        "Deliver again, to a new keep that is judged like the first, when the workload has "
        "ended: never, as without it; on-failure: with another status than 0, or its keep is "
        "lost; always. Pauses grow from a second to a minute. Not after keeps stop, nor after "
        "evidence that is refused, nor with --detach: only this command can release the "
        "workload.",
        false, restart_policies},
    OptionSpec{"--restarts", "NUMBER",
               "How often in a row at most: 10 if not given. A keep that lasts for a minute begins "
               "another row."},
    OptionSpec{
        "--insecure-backend", "",
        "Deliver also to a keep that nothing attests, whose machine's owner can read it; not with "
        "--policy."},
    OptionSpec{
        "--config", "FILE", "An Enarx.toml to use instead of the package's own.", false, {}, true},
    OptionSpec{"--env", "NAME=VALUE", "An environment variable for the program.", true},
    OptionSpec{
        "--invoke", "NAME",
        "Call this exported function instead of _start; the arguments are its parameters and "
        "its results are printed."},
    OptionSpec{"--timeout", "TIME", "End the program after this time, e.g. 1.5s, 200ms or 2m."},
    OptionSpec{
        "--max-memory", "SIZE",
        "The most that memories, tables and exceptions of the program may take together, e.g. 64M."},
    OptionSpec{"--signatures",
               "FILE",
               "What the keep's owner signed, from merlon sign or Enarx (backend snp-sim).",
               false,
               {},
               true},
    OptionSpec{"--stats", "", "Say on standard error how long each step took."},
    OptionSpec{"--verbose", "", "Say on standard error how the keep is confined."},
};

inline constexpr auto keeps_positionals = std::array{
    PositionalSpec{"ID", "The keep's id, as deploy --detach and keeps list print it.", true}};
inline constexpr auto keeps_options = std::array{
    OptionSpec{"--to", "URL",
               "The gatehouse; else the one that the keep was delivered to. Also from "
               "MERLON_GATEHOUSE."},
    OptionSpec{"--ca-bundle",
               "FILE",
               "Whose certificates the gatehouse may show. Also from MERLON_CA_BUNDLE.",
               false,
               {},
               true},
    OptionSpec{
        "--cert", "FILE", "Your client certificate. Also from MERLON_CERT.", false, {}, true},
    OptionSpec{
        "--cert-key", "FILE", "Its private key. Also from MERLON_CERT_KEY.", false, {}, true},
    OptionSpec{"--token",
               "FILE",
               "Your bearer token; - is the first line of standard input. Also from MERLON_TOKEN, "
               "which is the token itself.",
               false,
               {},
               true},
};
inline constexpr auto keeps_evidence_options = std::array{
    keeps_options[0],
    keeps_options[1],
    keeps_options[2],
    keeps_options[3],
    keeps_options[4],
    OptionSpec{
        "--policy",
        "FILE",
        "Which keeps are good, as for deploy; without it the keep that this installation would "
        "launch, on genuine hardware.",
        false,
        {},
        true},
    OptionSpec{
        "--endorsements", "PATH", "What endorses it, as for evidence verify.", true, {}, true},
    OptionSpec{"--no-memory", "",
               "Do not use, and do not keep, what earlier runs have seen (see evidence verify)."},
    OptionSpec{"--quiet", "", "Print only the checks that failed, and the verdict."},
    OptionSpec{"--json", "", "Print one JSON object."},
    OptionSpec{"--html", "FILE", "Also write a page for people.", false, {}, true},
};
inline constexpr auto keeps_list_options = std::array{
    keeps_options[0], keeps_options[1],
    keeps_options[2], keeps_options[3],
    keeps_options[4], OptionSpec{"--json", "", "Print what the gatehouse says, as JSON."},
};

inline constexpr auto volumes_positionals =
    std::array{PositionalSpec{"NAME", "The volume's name, as volumes list prints it."}};
inline constexpr OptionSpec volumes_to{"--to", "URL",
                                       "The gatehouse; this machine if none is given. Also from "
                                       "MERLON_GATEHOUSE."};
inline constexpr auto volumes_list_options = std::array{
    volumes_to,       keeps_options[1], keeps_options[2],
    keeps_options[3], keeps_options[4], OptionSpec{"--json", "", "Print an array of JSON."},
};
inline constexpr auto volumes_remove_options = std::array{
    volumes_to, keeps_options[1], keeps_options[2], keeps_options[3], keeps_options[4],
};

inline constexpr auto deploy_commands = std::array{
    CommandSpec{
        "deploy", "Deliver a WebAssembly program to a keep that has proved itself",
        "Starts a keep without a workload, challenges it, judges its evidence by your policy, and "
        "only then seals the program, its arguments, variables and configuration to the key that "
        "exists in this one keep. Its standard streams are sealed as well: the keep's host sees "
        "sizes and times. The exit status is the program's, by the keep's own word; 3 if the "
        "evidence is refused, and nothing was delivered.",
        deploy_positionals, deploy_options, "ARGUMENT"},
    CommandSpec{"keeps list",
                "List your keeps at a gatehouse",
                "Id, backend, state (waiting, running, ended, lost), when it was made, and how its "
                "process ended by the word of its host.",
                {},
                keeps_list_options},
    CommandSpec{
        "keeps attach", "Hear a keep that was left running",
        "Prints what the workload has written from its beginning, and goes on until it ends; "
        "the exit status is the workload's. Needs the talk that deploy --detach kept.",
        keeps_positionals, keeps_options},
    CommandSpec{"keeps logs", "Print what a keep has said so far",
                "The same as keeps attach, without waiting for more.", keeps_positionals,
                keeps_options},
    CommandSpec{
        "keeps evidence", "Judge again what a keep proved of itself",
        "What the keep proved when it was given the workload, by the challenge and the keys that "
        "deploy --detach kept, judged by your policy and by what is known now: an advisory, a "
        "revocation or a newer version since then counts. A keep answers no later challenge, so "
        "this does not say that it still runs, and nothing of what its workload has done since; it "
        "says when it was asked. Exit status as of evidence verify.",
        keeps_positionals, keeps_evidence_options},
    CommandSpec{"keeps stop", "End a keep",
                "Asks its process to end, and kills it five seconds later.", keeps_positionals,
                keeps_options},
    CommandSpec{"keeps forget", "Take away what is left of a keep that has ended",
                "At the gatehouse and here.", keeps_positionals, keeps_options},
    CommandSpec{"volumes list",
                "List your sealed volumes on this machine or at a gatehouse",
                "Name, size of what is sealed, objects, when it was last written, and whether a "
                "keep has it; by the word of whoever keeps them.",
                {},
                volumes_list_options},
    CommandSpec{"volumes remove", "Take away a sealed volume that no keep has, with all its files",
                "Afterwards deploy is refused as if its host had lost it, until you say once, by "
                "--volume-any-state, that it may be made anew.",
                volumes_positionals, volumes_remove_options},
};

}  // namespace merlon::cli::table
