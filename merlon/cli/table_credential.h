#pragma once

// The commands of merlon for those who admit keeps by their credentials (docs/zero-knowledge.md); a
// part of the table (table.cc).

#include <array>

#include "merlon/cli/table_deploy.h"

namespace merlon::cli::table {

inline constexpr OptionSpec credential_key{
    "--key",
    "PATH",
    "A key of the Steward's with its private half, or a directory of them (its --credentials DIR): "
    "files that end in .key.",
    true,
    {},
    true};
inline constexpr OptionSpec credential_audience{
    "--audience", "NAME",
    "To whom holders show it, as they write it, such as https://bank.example."};
inline constexpr OptionSpec credential_store{
    "--store",
    "FILE",
    "Where it is remembered what was shown (SQLite), made if it is not there. Several services of "
    "one audience share one.",
    false,
    {},
    true};
inline constexpr OptionSpec credential_development{
    "--development", "", "Admit under keys under which simulators have credentials, too."};
inline constexpr auto credential_verify_positionals =
    std::array{PositionalSpec{"TOKEN", "The token; - is the first line of standard input."}};
inline constexpr auto credential_verify_options =
    std::array{credential_key,
               credential_audience,
               credential_store,
               OptionSpec{"--bound-to", "HEX",
                          "What the token has to be bound to, such as a connection's exporter."},
               credential_development,
               json_option};
inline constexpr auto credential_serve_options = std::array{
    credential_key, credential_audience, credential_store, credential_development,
    OptionSpec{"--listen", "ADDRESS:PORT", "Where to listen; 127.0.0.1:8401 if not given.", true}};
inline constexpr auto credential_keys_positionals = std::array{PositionalSpec{
    "FILE", "A Steward's log of keys: from /credential/keys, or a keep's /keep/credential_keys."}};
inline constexpr auto credential_keys_options = std::array{
    OptionSpec{"--before",
               "FILE",
               "An earlier one, or one that somebody else got: the shorter must be how the longer "
               "begins, else somebody was shown keys of his own.",
               false,
               {},
               true},
    json_option};

inline constexpr auto credential_commands = std::array{
    CommandSpec{
        "credential verify", "Say whether a token shows that a keep was accepted",
        "Prints by whose word and which policy, and never which keep it is: nobody can tell. A "
        "token counts once; without --store one that was shown before is not noticed. Exit "
        "status: 0 admitted, 3 refused, with a code.",
        credential_verify_positionals, credential_verify_options},
    CommandSpec{
        "credential serve",
        "Answer a web server whether to admit who asks",
        "For auth_request of nginx and the like: 204 if the header Merlon-Credential of the "
        "request is a token that counts, 401 if there is none, 403 with a code if it does not. "
        "Needs --store.",
        {},
        credential_serve_options},
    CommandSpec{"credential keys", "Check and show a Steward's log of keys", "",
                credential_keys_positionals, credential_keys_options},
};

}  // namespace merlon::cli::table
