#pragma once

// The commands of merlon for registries of packages: a part of the table (table.cc).

#include <array>

#include "merlon/command/command.h"

namespace merlon::cli::table {

using command::CommandSpec;
using command::OptionSpec;
using command::PositionalSpec;

inline constexpr OptionSpec json_option{"--json", "", "Print one JSON object."};
inline constexpr OptionSpec registry_host{
    "--host", "HOST",
    "The registry where the name has none: HOST[:PORT], or https://HOST[:PORT]. Also from "
    "MERLON_DRAWBRIDGE."};
inline constexpr OptionSpec registry_ca{
    "--ca-bundle",
    "FILE",
    "Whose certificates registry and issuer may show, in PEM; those of the web if none is given. "
    "Also from ENARX_CA_BUNDLE or MERLON_CA_BUNDLE.",
    false,
    {},
    true};
inline constexpr OptionSpec registry_issuer{
    "--oidc-domain", "URL",
    "The issuer of OpenID Connect that the registry believes; else the one that you logged in to. "
    "Also from ENARX_OIDC_DOMAIN."};
inline constexpr OptionSpec registry_secret{
    "--insecure-auth-token", "TOKEN",
    "The token itself, which everybody on this machine can read on a command line. Also from "
    "ENARX_INSECURE_AUTH_TOKEN."};
inline constexpr OptionSpec registry_token{
    "--token", "FILE", "A file with the token, read anew when the registry refuses it.",
    false,     {},     true};
inline constexpr OptionSpec registry_helper{
    "--credential-helper",
    "PROGRAM",
    "Where tokens are kept: a program that takes show ID, and insert ID with the token on standard "
    "input. Also from ENARX_CREDENTIAL_HELPER.",
    false,
    {},
    true};

inline constexpr OptionSpec registry_token_host{
    "--token-host", "HOST",
    "Send your credentials for an OCI registry also to this host, if the registry says that it "
    "gives its tokens."};

/// What every command that asks a registry has, and `more`.
template <std::size_t Count>
[[nodiscard]] consteval std::array<OptionSpec, Count + 6> with_registry(
    const std::array<OptionSpec, Count>& more) {
  std::array<OptionSpec, Count + 6> all{registry_host,   registry_ca,    registry_issuer,
                                        registry_secret, registry_token, registry_helper};
  for (std::size_t i = 0; i < Count; ++i) all[i + 6] = more[i];
  return all;
}
inline constexpr auto registry_options = with_registry(std::array<OptionSpec, 0>{});
inline constexpr auto registry_json_options = with_registry(std::array{json_option});

inline constexpr auto host_positionals = std::array{
    PositionalSpec{"HOST", "The registry; else that of --host or MERLON_DRAWBRIDGE.", false}};
inline constexpr auto user_positionals =
    std::array{PositionalSpec{"[HOST/]USER", "The user's name."}};
inline constexpr auto repo_positionals =
    std::array{PositionalSpec{"[HOST/]USER/REPO", "The repository's name."}};
inline constexpr auto tag_positionals = std::array{PositionalSpec{
    "[HOST/]USER/REPO:TAG", "The package's name, perhaps with @sha-256= and its digest."}};
inline constexpr auto package_positionals = std::array{PositionalSpec{
    "PACKAGE",
    "[HOST/]USER/REPO:TAG; or an artifact at an OCI registry, oci://HOST[:PORT]/NAME:TAG, perhaps "
    "with @sha256: and its manifest's digest. Either perhaps with @sha-256= and the tree's digest."}};

inline constexpr std::array<std::string_view, 3> login_flows{"device", "browser", "client"};
inline constexpr auto login_options = std::array{
    registry_host,
    registry_ca,
    registry_issuer,
    registry_helper,
    OptionSpec{"--oidc-client-id", "ID",
               "As whom this program is known to the issuer; must be given. Also from "
               "MERLON_OIDC_CLIENT_ID."},
    OptionSpec{"--oidc-flow", "NAME",
               "How: device, also if nothing is named, shows an address and a code for a browser "
               "anywhere; browser is for one on this machine; client is for programs, whose secret "
               "is in ENARX_OIDC_CLIENT_SECRET.",
               false, login_flows},
    OptionSpec{"--oidc-audience", "URL",
               "For whom the tokens are to be; https://HOST/ if not given."},
    OptionSpec{"--oidc-scope", "TEXT",
               "What they are to grant; what a registry asks for, if not given."},
    OptionSpec{"--store-host", "HOST", "The same as --host, as Enarx calls it."},
};
inline constexpr auto logout_options = std::array{registry_host, registry_issuer, registry_helper};

inline constexpr auto register_repo_options = with_registry(
    std::array{OptionSpec{"--private", "", "Only you can read it, and keeps that you let in."}});
inline constexpr auto admission_positionals =
    std::array{repo_positionals[0],
               PositionalSpec{"FILE", "The rule to set, in JSON; - is standard input.", false}};
inline constexpr auto list_positionals = std::array{PositionalSpec{
    "[HOST/]USER[/REPO]",
    "A user, whose repositories are listed, or a repository, whose versions are; all "
    "repositories of the registry if nothing is named.",
    false}};
inline constexpr auto search_positionals =
    std::array{PositionalSpec{"WORDS", "What is looked for in the repositories' names."}};
inline constexpr auto yank_flags = std::array{
    OptionSpec{"--reason", "TEXT", "Why, for whoever asks for it; must be given but with --undo."},
    OptionSpec{"--undo", "", "Let it be had again."},
    json_option,
};
inline constexpr auto repo_yank_options = with_registry(yank_flags);
inline constexpr auto package_yank_options = with_registry(std::array{
    yank_flags[0], yank_flags[1], yank_flags[2],
    OptionSpec{"--for-good", "",
               "Remove the tag: it can never be had again, and its name is never given again."}});
inline constexpr std::array<std::string_view, 2> token_rights{"read", "write"};
inline constexpr auto token_create_options = with_registry(std::array{
    OptionSpec{"--right", "NAME", "read, also if none is named, or write; may be given twice.",
               true, token_rights},
    OptionSpec{"--days", "NUMBER", "How long it counts; 30 if not given."}, json_option});
inline constexpr auto token_revoke_positionals = std::array{
    repo_positionals[0], PositionalSpec{"ID", "The token's id, as create and list print it."}};

inline constexpr auto publish_positionals = std::array{
    package_positionals[0],
    PositionalSpec{
        "PATH",
        "A directory with main.wasm, and Enarx.toml and other files as it needs them; or "
        "a WebAssembly file, which becomes its main.wasm."}};
inline constexpr auto check_positionals =
    std::array{PositionalSpec{"PATH", "A directory with main.wasm, or a WebAssembly file."}};
inline constexpr auto check_options = std::array{json_option};
inline constexpr auto publish_options = with_registry(std::array{
    OptionSpec{"--seal",
               "FILE",
               "Seal the package by the content key in FILE, which is made if it is not there: the "
               "registry keeps it and cannot read it.",
               false,
               {},
               true},
    OptionSpec{
        "--sign",
        "FILE",
        "Sign the tag by this private key of P-256, in PEM: who has its public half can tell "
        "that this version is yours.",
        false,
        {},
        true},
    OptionSpec{"--replace", "", "Move a tag that stands at an OCI registry with something else."},
    registry_token_host, json_option});
inline constexpr OptionSpec signed_by{
    "--signed-by",
    "FILE",
    "Take the tag only if this key has signed it, in PEM (package publish --sign).",
    false,
    {},
    true};
inline constexpr auto info_options =
    with_registry(std::array{signed_by, registry_token_host, json_option});
inline constexpr OptionSpec content_key{
    "--content-key", "FILE", "Open a sealed package by the key in FILE (package publish --seal).",
    false,           {},     true};
inline constexpr OptionSpec accept_new_digest{
    "--accept-new-digest", "",
    "Take a tag that has another digest than when it was last used here, and remember the new one."};
inline constexpr auto fetch_options = with_registry(
    std::array{accept_new_digest, signed_by, content_key, registry_token_host, json_option});
inline constexpr auto tree_options = with_registry(std::array{registry_token_host, json_option});
inline constexpr auto tree_fetch_options = with_registry(std::array{registry_token_host});
inline constexpr auto fetch_positionals = std::array{
    package_positionals[0],
    PositionalSpec{"DIR", "A directory that is not there yet; REPO-TAG if none is named.", false}};

inline constexpr auto tree_positionals = std::array{
    PositionalSpec{"PACKAGE",
                   "A directory or WebAssembly file; or a package's name at a registry, "
                   "[HOST/]USER/REPO:TAG, if there is nothing here by that path; or oci://…"}};
inline constexpr auto tree_fetch_positionals = std::array{
    package_positionals[0], PositionalSpec{"PATH", "A file of it: lib/data.json."},
    PositionalSpec{"FILE", "Where it is put; standard output if none is named, or -.", false}};
inline constexpr auto diff_positionals = std::array{PositionalSpec{"OLD", "As for tree info."},
                                                    PositionalSpec{"NEW", "As for tree info."}};

/// What a command is called in Enarx; lists and the man page have its own name only.
[[nodiscard]] consteval CommandSpec also(std::string_view name, std::string_view summary,
                                         CommandSpec command) {
  command.name = name;
  command.summary = summary;
  command.hidden = true;
  return command;
}

inline constexpr CommandSpec token_create{
    "repo token create", "Make a token for one repository",
    "For programs that publish or fetch without your login. It is printed once and counts for this "
    "repository alone.",
    repo_positionals, token_create_options};
inline constexpr CommandSpec token_list{
    "repo token list", "List the tokens of a repository",
    "Ids, rights and ends; a token itself is shown when it is made and never again.",
    repo_positionals, registry_json_options};

inline constexpr auto registry_commands = std::array{
    CommandSpec{
        "user login", "Log in, for a registry of packages",
        "Gets tokens from the registry's issuer of OpenID Connect and keeps them: in a "
        "credential helper if one is named, else in the desktop's keyring if there is one "
        "(secret-tool), else in files that only you can read. They are renewed by themselves.",
        host_positionals, login_options},
    CommandSpec{"user logout", "Forget the tokens for a registry",
                "Here, not at the issuer. A credential helper keeps what it has.", host_positionals,
                logout_options},
    CommandSpec{"user register", "Make a user at a registry",
                "It is bound to who you are to the issuer.", user_positionals,
                registry_json_options},
    CommandSpec{"user info", "Show a user of yours", "", user_positionals, registry_json_options},
    CommandSpec{"repo register", "Make a repository", "Everybody can read it but with --private.",
                repo_positionals, register_repo_options},
    CommandSpec{"repo info", "Show a repository and its tags", "", repo_positionals,
                registry_json_options},
    CommandSpec{
        "repo admission", "Show or set which keeps may read a private repository",
        "Prints the rule, or sets the one of FILE (docs/drawbridge.md): by technology, "
        "measurement, signer, Steward, tenant and module. Without a rule no keep is let in.",
        admission_positionals, registry_options},
    CommandSpec{"repo list", "List repositories, or the versions of one", "", list_positionals,
                registry_json_options},
    CommandSpec{"repo search", "Search a registry for repositories", "", search_positionals,
                registry_json_options},
    CommandSpec{"repo yank", "Withdraw all versions of a repository",
                "The same as package yank for each of them.", repo_positionals, repo_yank_options},
    token_create,
    token_list,
    CommandSpec{"repo token revoke", "End a token of a repository", "", token_revoke_positionals,
                registry_options},
    also("repo token generate", "The same as repo token create", token_create),
    also("repo token info", "The same as repo token list", token_list),
    CommandSpec{
        "package check", "Tell whether a package would run, and what it will ask for",
        "Its digest, what it does on the network, its files, what it uses of WASI. Exit status "
        "1 if no keep would run it. Nothing is sent.",
        check_positionals, check_options},
    CommandSpec{
        "package publish", "Publish a package",
        "Puts its tree and then it stands for good: a tag cannot be changed. One that broke "
        "off goes on where it was when the command is given again. At an OCI registry it is an "
        "artifact (docs/oci-artifacts.md), whose tag moves with --replace alone.",
        publish_positionals, publish_options},
    CommandSpec{
        "package fetch", "Get a package",
        "Each file is checked against the tree's digest before it is written. Exit status 3 "
        "if what comes is not what its digest says, if the tag was moved, or if it was "
        "withdrawn.",
        fetch_positionals, fetch_options},
    CommandSpec{
        "package info", "Show what a tag says of its package",
        "Digest, size, type; from its registry's word. An artifact of an OCI registry is fetched "
        "for it, and checked.",
        package_positionals, info_options},
    CommandSpec{
        "package yank", "Withdraw a version",
        "Who asks for it is refused with the reason, but for you and for who names its digest.",
        tag_positionals, package_yank_options},
    CommandSpec{"tree digest", "Print the digest of a package",
                "Of a directory: what its tag would be pinned with, @sha-256=…; nothing is sent.",
                tree_positionals, tree_options},
    CommandSpec{"tree info", "List what a package is made of",
                "Each file and directory with its size, type and digest, each listing checked.",
                tree_positionals, tree_options},
    CommandSpec{"tree fetch", "Get one file of a package",
                "Checked down from the tag, or from the digest in the package's name.",
                tree_fetch_positionals, tree_fetch_options},
    CommandSpec{"tree diff", "Compare two packages",
                "By their digests. Exit status: 0 they are the same, 3 they are not.",
                diff_positionals, tree_options},
};

}  // namespace merlon::cli::table
