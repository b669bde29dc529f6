#include "merlon/cli/table.h"

#include <array>

#include "merlon/cli/table_credential.h"
#include "merlon/cli/table_platform.h"
#include "merlon/cli/table_registry.h"
#include "merlon/cli/table_release.h"
#include "merlon/cli/table_statement.h"
#include "merlon/command/own_commands.h"
#include "merlon/launch/exit_status.h"

namespace merlon::cli {

namespace {

using command::ManItem;
using command::ManSection;
using launch::ExitStatus;
using launch::number;

constexpr auto run_positionals =
    std::array{PositionalSpec{"FILE|DIR",
                              "A WebAssembly file, or a package: a directory with main.wasm and, "
                              "if it needs more than the standard streams, Enarx.toml."}};
constexpr auto run_options = std::array{
    OptionSpec{
        "--backend", "NAME",
        "The kind of keep: nil, a confined process of this machine; kvm, a micro-VM without an "
        "operating system; snp-sim and sgx-sim, with a simulated security processor (see platform "
        "simulate). None of these protects anything from the machine's owner. snp, a guest of AMD's "
        "SEV-SNP (Enarx's name for it, sev, will do), and sgx, an enclave of Intel's, would; neither "
        "has run on hardware yet. Also from MERLON_BACKEND or ENARX_BACKEND; the strongest of nil "
        "and kvm if nothing is named.",
        false, host::accepted_backends},
    OptionSpec{
        "--config", "FILE", "An Enarx.toml to use instead of the package's own.", false, {}, true},
    OptionSpec{"--env", "NAME=VALUE", "An environment variable for the program.", true},
    OptionSpec{
        "--dir",
        "HOST[::GUEST][:ro]",
        "A directory that the program finds under the path GUEST, or under HOST; with :ro it "
        "cannot be changed.",
        true,
        {},
        true},
    OptionSpec{
        "--invoke", "NAME",
        "Call this exported function instead of _start; the arguments are its parameters and "
        "its results are printed."},
    OptionSpec{"--timeout", "TIME", "End the program after this time, e.g. 1.5s, 200ms or 2m."},
    OptionSpec{"--pool",
               "SOCKET",
               "Where merlon-pool has keeps that were made ahead: take one, if it has one that "
               "fits. Also from MERLON_POOL.",
               false,
               {},
               true},
    OptionSpec{
        "--max-memory", "SIZE",
        "The most that memories, tables, exceptions, written files and TLS connections of the program "
        "may take together, e.g. 64M."},
    OptionSpec{"--signatures",
               "FILE",
               "What the keep's owner signed, from merlon sign or Enarx: another keep does not "
               "start, and evidence says who signed (backends snp, snp-sim, sgx and sgx-sim).",
               false,
               {},
               true},
    OptionSpec{"--stats", "",
               "Say on standard error what the keep asked its host for (backend kvm)."},
    OptionSpec{"--verbose", "", "Say on standard error how the keep is confined."},
};

constexpr auto inspect_positionals = std::array{PositionalSpec{"FILE", "A WebAssembly file."}};
constexpr auto inspect_options = std::array{OptionSpec{"--json", "", "Print one JSON object."}};

constexpr auto evidence_positionals = std::array{PositionalSpec{
    "FILE",
    "A DCAP quote, a SEV-SNP report, or a certification request of a keep; raw, PEM, "
    "hexadecimal or base 64; - is standard input."}};
constexpr auto evidence_inspect_positionals = std::array{
    PositionalSpec{"FILE", "Evidence in any format, or endorsements; - is standard input."}};
constexpr auto evidence_inspect_options =
    std::array{OptionSpec{"--json", "", "Print one JSON object."},
               OptionSpec{"--html", "FILE", "Also write a page for people.", false, {}, true}};
constexpr auto evidence_verify_options = std::array{
    OptionSpec{
        "--policy",
        "FILE",
        "What is accepted, in TOML (see evidence policy init); also an Enarx Steward's "
        "configuration. Without it: anything genuine and not for debugging; of Intel's, up to date.",
        false,
        {},
        true},
    OptionSpec{"--endorsements",
               "PATH",
               "A file or a directory with certificates, revocation lists and Intel's documents.",
               true,
               {},
               true},
    OptionSpec{"--quiet", "", "Print only the checks that failed, and the verdict."},
    OptionSpec{
        "--at", "TIME",
        "Judge for this time, e.g. 2025-06-20T00:00:00Z, instead of now; what is known since "
        "does not count."},
    OptionSpec{
        "--no-memory", "",
        "Do not use, and do not keep, what earlier runs have seen: the newest that Intel and "
        "AMD had signed, so that neither a clock that is set back nor an old document passes. "
        "It is kept in $XDG_STATE_HOME/merlon/seen.json (~/.local/state)."},
    OptionSpec{"--json", "", "Print one JSON object."},
    OptionSpec{"--html", "FILE", "Also write a page for people.", false, {}, true},
};
constexpr auto evidence_fetch_positionals = std::array{
    PositionalSpec{"FILE", "Evidence; not with --platform."},
    PositionalSpec{
        "DIR",
        "A directory, made if it is not there, for evidence verify --endorsements; files "
        "of the same name are replaced.",
        false}};
constexpr std::array<std::string_view, 3> products{"Milan", "Genoa", "Turin"};
constexpr auto evidence_fetch_options = std::array{
    OptionSpec{"--platform", "NAME",
               "In place of FILE a kind of platform: Milan, Genoa or Turin, or an FMSPC of Intel's "
               "(12 hexadecimal digits). Gets what endorses all evidence of it, but no VCEKs."},
    OptionSpec{"--product", "NAME", "Who made the report, where it does not say so (version 2).",
               false, products},
    OptionSpec{"--intel-url", "URL", "A cache to ask instead of Intel's provisioning service."},
    OptionSpec{"--intel-root-url", "URL", "A cache to ask for the root's revocation list."},
    OptionSpec{"--amd-url", "URL", "A cache to ask instead of AMD's key distribution service."},
};
constexpr auto evidence_policy_init_positionals =
    std::array{PositionalSpec{"FILE", "The file to make; policy.toml if not given.", false}};
constexpr auto evidence_policy_init_options = std::array{
    OptionSpec{"--evidence",
               "EVIDENCE",
               "Make it from evidence that is good: what it names is that evidence's.",
               false,
               {},
               true},
    OptionSpec{
        "--endorsements", "PATH", "What endorses it, as for evidence verify.", true, {}, true},
    OptionSpec{"--at", "TIME", "Judge it for this time instead of now, e.g. 2025-06-20."},
};
constexpr auto evidence_policy_check_positionals = std::array{PositionalSpec{"FILE", "A policy."}};

constexpr std::array<std::string_view, 3> measured_backends{"kvm", "snp", "sgx"};
constexpr std::array<std::string_view, 3> worlds{"ring0", "collapsed", "isolated"};
constexpr auto keep_measure_options = std::array{
    OptionSpec{
        "--backend", "NAME",
        "The kind of keep: kvm, also if nothing is named, whose digest is for comparison only; or "
        "snp or sgx, whose digest stands in the evidence of such a keep and belongs into a policy.",
        false, measured_backends},
    OptionSpec{
        "--world", "NAME",
        "What the keep's processor offers: ring0 for ordinary KVM, also if nothing is named; "
        "collapsed or isolated where the host's KVM emulates ring 0.",
        false, worlds},
    OptionSpec{"--json", "", "Print one JSON object."},
};

constexpr std::array<std::string_view, 4> attested_backends{"snp", "snp-sim", "sgx", "sgx-sim"};
constexpr auto keep_evidence_positionals = std::array{PositionalSpec{
    "DIR", "A directory, made if it is not there; files of the same name are replaced.", true}};
constexpr auto keep_evidence_options = std::array{
    OptionSpec{
        "--backend", "NAME",
        "The kind of keep: snp, a guest of SEV-SNP; snp-sim, a simulation of one, also if nothing is "
        "named; sgx, an enclave; or sgx-sim, a simulation of one.",
        false, attested_backends},
    OptionSpec{"--nonce", "HEX",
               "32 bytes that nobody could foresee, as 64 hexadecimal digits, by which you know "
               "that the evidence is new; random ones if none are given."},
    OptionSpec{"--simulator",
               "DIR",
               "The simulated platform; $XDG_STATE_HOME/merlon/simulator (~/.local/state) if none "
               "is named.",
               false,
               {},
               true},
    OptionSpec{"--signatures",
               "FILE",
               "What the keep's owner signed, from merlon sign or Enarx: another keep does not "
               "start, and evidence says who signed.",
               false,
               {},
               true},
    OptionSpec{"--json", "", "Print one JSON object."},
};

constexpr OptionSpec key_out{
    "--out", "FILE", "The file to make, for its owner alone; standard output if not given, or -.",
    false,   {},     true};
constexpr OptionSpec key_force{"--force", "", "Replace a file that is there already."};
constexpr auto key_create_options = std::array{
    key_out, key_force,
    OptionSpec{"--json", "", "Print the new key's digest as one JSON object; needs --out."}};
constexpr auto key_digest_positionals = std::array{
    PositionalSpec{"KEY", "The private key or its public half, in PEM; - is standard input."}};
constexpr auto key_digest_options = std::array{
    OptionSpec{
        "--out", "FILE", "The file to write; standard output if not given, or -.", false, {}, true},
    OptionSpec{"--json", "", "Write one JSON object."}};
constexpr auto key_snp_sign_options = std::array{
    OptionSpec{"--author-key", "FILE", "The author's private key.", false, {}, true},
    OptionSpec{"--id-key",
               "FILE",
               "The ID key that he vouches for: the private key or its public half.",
               false,
               {},
               true},
    OptionSpec{"--out", "FILE", "The file to write; - is standard output.", false, {}, true},
    OptionSpec{"--json", "", "Print the digests of both keys as one JSON object."}};

constexpr auto sign_positionals = std::array{PositionalSpec{
    "BINARY", "A program for keeps, as Enarx takes it. Cannot be measured here: give digests.",
    false}};
constexpr auto sign_options = std::array{
    OptionSpec{"--snp-id-key", "FILE", "The private ID key of SEV-SNP.", false, {}, true},
    OptionSpec{"--snp-id-key-signature",
               "FILE",
               "What merlon key snp sign has made for the ID key.",
               false,
               {},
               true},
    OptionSpec{"--sgx-key", "FILE", "The private key of SGX.", false, {}, true},
    OptionSpec{
        "--out", "FILE", "The file to write; standard output if not given, or -.", false, {}, true},
    OptionSpec{
        "--snp-digest", "HEX",
        "The launch digest of the guest, 96 digits; that of the keep which this installation "
        "launches if not given."},
    OptionSpec{"--world", "NAME",
               "Of the keep that is measured: ring0, also if nothing is named; collapsed or "
               "isolated for snp-sim where the host's KVM emulates ring 0.",
               false, worlds},
    OptionSpec{"--snp-policy", "BITS",
               "What the guest asks of its host (POLICY); 0x30133 if not given: ABI 1.51, "
               "simultaneous threads allowed, no debugging, no migration."},
    OptionSpec{"--snp-svn", "NUMBER", "The guest's security version; 1 if not given."},
    OptionSpec{"--snp-family-id", "HEX", "32 digits; zeros if not given."},
    OptionSpec{"--snp-image-id", "HEX", "32 digits; zeros if not given."},
    OptionSpec{
        "--sgx-digest", "HEX",
        "The enclave's MRENCLAVE: 64 digits; that of this installation's keep if not given."},
    OptionSpec{"--sgx-product-id", "NUMBER", "ISVPRODID; 0 if not given."},
    OptionSpec{"--sgx-svn", "NUMBER", "ISVSVN; 0 if not given."},
    OptionSpec{
        "--sgx-xfrm", "BITS",
        "Which registers the enclave uses (XFRM). If not given, 0x7 for this installation's keep, and "
        "0xe7, up to AVX-512, for another."},
    OptionSpec{"--enarx-version", "VERSION",
               "The Enarx that is to read the file, which wants its own; 0.7.1 if not given."},
    OptionSpec{"--json", "", "Print what was signed, and by whom, as one JSON object."},
    OptionSpec{"--sev-id-key", "FILE", "The same as --snp-id-key.", false, {}, true},
    OptionSpec{
        "--sev-id-key-signature", "FILE", "The same as --snp-id-key-signature.", false, {}, true},
};

constexpr auto signature_check_positionals = std::array{PositionalSpec{
    "FILE",
    "What merlon sign, enarx sign or merlon key snp sign has made, or a SIGSTRUCT; - is standard "
    "input."}};
constexpr auto signature_check_options = std::array{
    OptionSpec{"--id-key",
               "FILE",
               "Of which key an author's signature is: the private key or its public half.",
               false,
               {},
               true},
    OptionSpec{"--json", "", "Print one JSON object."}};

/// What `command` is called in Enarx; lists and the man page have its own name only.
constexpr CommandSpec also_called(std::string_view name, std::string_view summary,
                                  CommandSpec command) {
  command.name = name;
  command.summary = summary;
  command.hidden = true;
  return command;
}
constexpr CommandSpec key_snp_create{
    "key snp create",
    "Make a key for SEV-SNP, an ID key or an author's",
    "A private key of P-384, as PKCS#8 in PEM. Also called key sev create.",
    {},
    key_create_options};
constexpr CommandSpec key_snp_digest{
    "key snp digest", "Print the digest by which SEV-SNP reports name a key",
    "SHA-384 of the public key as the firmware has it, in hexadecimal without a line end: "
    "ID_KEY_DIGEST or AUTHOR_KEY_DIGEST of a report, id_key_sha384 or author_key_sha384 of a "
    "policy. Also called key sev digest.",
    key_digest_positionals, key_digest_options};
constexpr CommandSpec key_snp_sign{
    "key snp sign",
    "Vouch for an ID key of SEV-SNP with an author's key",
    "Writes 1540 bytes for merlon sign: the author's signature of the ID key, and his public key. "
    "Also called key sev sign.",
    {},
    key_snp_sign_options};

constexpr auto keep_commands = std::array{
    CommandSpec{
        "run", "Run a WebAssembly program in a keep",
        "Runs a WASI preview 1 program. It can touch only what it is given: the standard streams, or "
        "the files that Enarx.toml lists, and the directories and variables named here. Its exit "
        "status becomes merlon's own.",
        run_positionals, run_options, "ARGUMENT"},
};
constexpr auto other_commands = std::array{
    CommandSpec{"inspect", "Show what a WebAssembly file is made of and what it asks for",
                "Prints sections, imports, exports, the WebAssembly features that are needed, and "
                "which capabilities the program will ask for when it runs.",
                inspect_positionals, inspect_options},
    CommandSpec{"evidence inspect", "Show what evidence or endorsements say, field by field",
                "Finds out the format by itself. Judges nothing: what is shown may be forged.",
                evidence_inspect_positionals, evidence_inspect_options},
    CommandSpec{
        "evidence verify", "Judge evidence: is it genuine, current, as the policy asks",
        "Makes every check, also after one has failed, and prints each with what was wanted "
        "and what was found. Needs no network. Exit status: 0 accepted, 3 refused, 4 could "
        "not be judged.",
        evidence_positionals, evidence_verify_options},
    CommandSpec{
        "evidence fetch", "Get what endorses evidence from the vendors' services",
        "Certificates, revocation lists and Intel's documents, one line for each. Only https, "
        "or plain http to this machine. What comes is checked by evidence verify, not here.",
        evidence_fetch_positionals, evidence_fetch_options},
    CommandSpec{
        "evidence policy init", "Write a commented policy",
        "The default one, or with --evidence one that admits that evidence, with a comment on "
        "what each line lets in. Such evidence must be genuine and fresh, on a platform whose "
        "open weaknesses, if it has any, are then waived for 30 days by name. Never overwrites "
        "a file. Exit status with --evidence: 0, 3 if it is not good, 4 if it could not be "
        "judged.",
        evidence_policy_init_positionals, evidence_policy_init_options},
    CommandSpec{"evidence policy check", "Say whether a file is a policy, and where it is weak",
                "Also reads an Enarx Steward's configuration.", evidence_policy_check_positionals},
    CommandSpec{
        "keep measure",
        "Print the digest of the keep that this installation launches",
        "A digest of every page that a keep's machine is filled with before it starts, and of "
        "the two programs that fill it. Needs no device and starts nothing. For backend snp it is "
        "the launch digest that the processor signs. For backend kvm it is for comparison only: "
        "nothing signs it, and the host can read and change such a keep.",
        {},
        keep_measure_options},
    key_snp_create,
    key_snp_digest,
    key_snp_sign,
    CommandSpec{"key sgx create",
                "Make a key for SGX",
                "A private RSA key of 3072 bits with exponent 3, as PKCS#1 in PEM. Takes seconds.",
                {},
                key_create_options},
    CommandSpec{"key sgx digest", "Print the digest by which SGX reports name a key",
                "SHA-256 of the modulus as the processor has it, in hexadecimal without a line "
                "end: MRSIGNER of a report, mr_signer of a policy.",
                key_digest_positionals, key_digest_options},
    CommandSpec{
        "sign", "Sign a keep for SEV-SNP, SGX or both",
        "Writes Enarx' file of signatures: an ID block with who signed it, and a SIGSTRUCT. "
        "Give --snp-id-key with --snp-id-key-signature, --sgx-key, or all of them.",
        sign_positionals, sign_options},
    CommandSpec{
        "signature check", "Show what a file of signatures says, and whether they hold",
        "Prints the digests by which a policy names the keep and its signers. Whose the keys are "
        "is for the reader to compare. Exit status: 0 all signatures hold, 3 one does not.",
        signature_check_positionals, signature_check_options},
    also_called("key sev create", "The same as key snp create", key_snp_create),
    also_called("key sev digest", "The same as key snp digest", key_snp_digest),
    also_called("key sev sign", "The same as key snp sign", key_snp_sign),
    CommandSpec{
        "keep evidence", "Start a keep without a workload and get its evidence",
        "The keep makes its keys and has its processor sign that they are its own, together with "
        "a nonce of yours. Writes evidence.bin, certificates.bin (what the host has of the "
        "processor's certificates), request.csr (for a Steward), and report_data.toml, whose lines "
        "make a policy for evidence verify insist on these keys and this nonce. Judges nothing.",
        keep_evidence_positionals, keep_evidence_options},
};

constexpr auto last_commands = std::array{
    CommandSpec{"config init", "Write a commented Enarx.toml into the current directory",
                "Never overwrites a file."},
    CommandSpec{"completion", "Print a completion script for a shell",
                "For bash: source <(merlon completion bash). For zsh: save it as _merlon in a "
                "directory of $fpath. For fish: save it as "
                "~/.config/fish/completions/merlon.fish.",
                command::completion_positionals},
    CommandSpec{"man", "Print the man page", "", {}, {}, {}, true},
};

/// In the order of lists.
consteval auto joined() {
  std::array<CommandSpec, keep_commands.size() + table::deploy_commands.size() +
                              table::release_commands.size() + table::registry_commands.size() +
                              table::credential_commands.size() + table::statement_commands.size() +
                              other_commands.size() + table::platform_commands.size() +
                              last_commands.size()>
      all{};
  std::size_t count = 0;
  for (const CommandSpec& each : keep_commands) all[count++] = each;
  for (const CommandSpec& each : table::deploy_commands) all[count++] = each;
  for (const CommandSpec& each : table::release_commands) all[count++] = each;
  for (const CommandSpec& each : table::registry_commands) all[count++] = each;
  for (const CommandSpec& each : table::credential_commands) all[count++] = each;
  for (const CommandSpec& each : table::statement_commands) all[count++] = each;
  for (const CommandSpec& each : other_commands) all[count++] = each;
  for (const CommandSpec& each : table::platform_commands) all[count++] = each;
  for (const CommandSpec& each : last_commands) all[count++] = each;
  return all;
}
constexpr auto all_commands = joined();

static_assert(number(ExitStatus::Success) == 0);
static_assert(number(ExitStatus::Unusable) == 1);
static_assert(number(ExitStatus::Usage) == 2);
static_assert(number(ExitStatus::OutputLost) == 74);
static_assert(number(ExitStatus::TimeLimit) == 124);
static_assert(number(ExitStatus::KeepFailed) == 125);
static_assert(number(ExitStatus::Trap) == 134);
static_assert(number(ExitStatus::ExitTooLarge) == 255);
constexpr auto statuses = std::array{
    ManItem{"0", "The program returned, or exited with 0."},
    ManItem{
        "1",
        "The input cannot be run: a file is missing or malformed, an import does not exist, a socket "
        "or directory cannot be opened."},
    ManItem{"2", "The command line is wrong."},
    ManItem{
        "74",
        "The program succeeded, but standard output or standard error did not take all it wrote: the "
        "disk is full, or nobody reads."},
    ManItem{"124", "The time limit was over."},
    ManItem{"125", "The keep could not be started, or failed by itself."},
    ManItem{
        "134",
        "The program trapped, or its keep tried a system call that it may not make; standard error "
        "says why and where."},
    ManItem{"255", "The program exited with a status above 255."},
    ManItem{"128+N", "The keep was ended by signal N."},
    ManItem{"others", "The program's own."},
    ManItem{"merlon evidence",
            "Has its own: 0 accepted or done, 1 a file, policy or time cannot be used, 2 and 74 as "
            "above, 3 the evidence was refused, 4 it could not be judged."},
    ManItem{"merlon signature check", "Ends with 3 if a signature does not hold."},
    ManItem{
        "merlon package, merlon tree",
        "End with 3 if what a registry gives is not what its digest says, if a tag was moved or "
        "withdrawn, or if tree diff finds a difference."},
};

constexpr auto environment = std::array{
    ManItem{"MERLON_BACKEND, ENARX_BACKEND", "The backend where --backend is not given."},
    ManItem{
        "MERLON_GATEHOUSE, MERLON_CA_BUNDLE, MERLON_CERT, MERLON_CERT_KEY",
        "What deploy and keeps take where --to, --ca-bundle, --cert and --cert-key are not given."},
    ManItem{"MERLON_TOKEN",
            "A bearer token for the gatehouse, or of release for the broker, where --token is not "
            "given."},
    ManItem{"MERLON_BROKER", "The broker of release, where --broker is not given."},
    ManItem{"MERLON_DRAWBRIDGE", "The registry where a package's name has none."},
    ManItem{
        "ENARX_CA_BUNDLE, ENARX_OIDC_DOMAIN, ENARX_INSECURE_AUTH_TOKEN, ENARX_CREDENTIAL_HELPER, "
        "ENARX_OIDC_CLIENT_SECRET, MERLON_OIDC_CLIENT_ID",
        "What user, repo, package and tree take where their options are not given."},
    ManItem{"HTTPS_PROXY, NO_PROXY",
            "By which proxy registries and issuers are reached, and which are not."},
    ManItem{"XDG_STATE_HOME",
            "Where merlon evidence verify keeps what it has seen, and where the simulator is; "
            "~/.local/state."},
};

constexpr auto files = std::array{
    ManItem{"Enarx.toml", "What a package asks for; merlon config init writes one to start from."},
};

constexpr auto sections =
    std::array{ManSection{"EXIT STATUS", statuses}, ManSection{"ENVIRONMENT", environment},
               ManSection{"FILES", files}};

constexpr Program merlon{"merlon", version, "Runs WebAssembly programs in keeps.", all_commands,
                         sections};

}  // namespace

const Program& program() noexcept { return merlon; }

std::span<const std::string_view> run_backends() noexcept { return host::offered_backends; }

}  // namespace merlon::cli
