#pragma once

// The commands of merlon about committed numbers (docs/statements.md); a part of the table
// (table.cc).

#include <array>

#include "merlon/cli/table_deploy.h"

namespace merlon::cli::table {

inline constexpr OptionSpec statement_at_least{
    "--at-least", "N", "The claim: the number is not less than N, but less than N and 2^bits."};
inline constexpr OptionSpec statement_bits{
    "--bits", "COUNT", "How many bits what is above N has, 1 to 63; 32 if not given."};
inline constexpr OptionSpec statement_equal{"--equal", "", "The claim: two are one number."};
inline constexpr OptionSpec statement_sum{
    "--sum", "TOTAL",
    "The claim: the numbers, each taken as often as is said in front of it, add up to TOTAL."};
inline constexpr OptionSpec statement_context{
    "--context", "TEXT",
    "What both sides agree on: who asks, for what, and something that was not used before."};
inline constexpr OptionSpec statement_context_hex{"--context-hex", "HEX",
                                                  "The same in hexadecimal digits."};
inline constexpr auto statement_verify_positionals =
    std::array{PositionalSpec{"PROOF", "A file with the proof; - is standard input."}};
inline constexpr auto statement_verify_options = std::array{
    OptionSpec{"--commitment", "[TIMES*]HEX",
               "A commitment, 33 bytes in hexadecimal digits; of a sum, how often it is taken in "
               "front of it (-2*03ab…).",
               true},
    statement_at_least,
    statement_bits,
    statement_equal,
    statement_sum,
    statement_context,
    statement_context_hex,
    json_option};
inline constexpr auto statement_commit_positionals = std::array{PositionalSpec{
    "OPENING", "The file for what opens the commitment, which is a secret: number and blinding."}};
inline constexpr auto statement_commit_options = std::array{
    OptionSpec{"--force", "", "Replace a file that is there: what it opened, nothing opens."},
    json_option};
inline constexpr auto statement_prove_positionals =
    std::array{PositionalSpec{"PROOF", "The file for the proof."}};
inline constexpr auto statement_prove_options = std::array{
    OptionSpec{"--opening",
               "[TIMES*]FILE",
               "What opens a commitment, of statement commit; of a sum, how often it is taken in "
               "front of it.",
               true,
               {},
               true},
    statement_at_least,
    statement_bits,
    statement_equal,
    statement_sum,
    statement_context,
    statement_context_hex};

inline constexpr auto statement_commands = std::array{
    CommandSpec{
        "statement verify", "Say whether a proof shows a claim about committed numbers",
        "It shows nothing of whose numbers they are: evidence has to vouch for the commitments. "
        "Exit status: 0 it does, 3 refused, with a code.",
        statement_verify_positionals, statement_verify_options},
    CommandSpec{"statement commit", "Commit to a number",
                "Reads the number from standard input, since other users see a command's "
                "arguments, and prints the commitment.",
                statement_commit_positionals, statement_commit_options},
    CommandSpec{"statement prove", "Prove a claim about committed numbers",
                "Exit status: 0 done, 3 what is to be proven is not so.",
                statement_prove_positionals, statement_prove_options},
};

}  // namespace merlon::cli::table
