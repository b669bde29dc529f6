#pragma once

// The commands of merlon for machines, genuine and simulated: a part of the table (table.cc).

#include <array>

#include "merlon/cli/table_registry.h"
#include "merlon/command/command.h"

namespace merlon::cli::table {

inline constexpr auto platform_tcb_positionals =
    std::array{PositionalSpec{"FILE", "Evidence of the platform."}};
inline constexpr auto platform_tcb_options = std::array{
    OptionSpec{"--policy", "FILE", "What is accepted, as for evidence verify.", false, {}, true},
    OptionSpec{
        "--endorsements", "PATH", "What endorses it, as for evidence verify.", true, {}, true},
    OptionSpec{"--early", "PATH", "Intel's early documents (update=early).", true, {}, true},
    OptionSpec{"--at", "TIME", "Judge for this time instead of now, e.g. 2025-06-20."},
};

inline constexpr std::array<std::string_view, 4> all_backends{"nil", "kvm", "sgx", "snp"};
inline constexpr auto platform_options = std::array{
    OptionSpec{"--backend", "NAME",
               "Look at this backend only; the exit status is 1 if this machine cannot run it.",
               false, all_backends},
    OptionSpec{"--json", "", "Print one JSON object."},
};

inline constexpr OptionSpec sgx_cache_dir{
    "--dir", "DIR", "Where the files are put; /var/cache/intel-sgx if not given.", false, {}, true};
inline constexpr OptionSpec intel_url{"--intel-url", "URL",
                                      "A cache to ask instead of Intel's service (a PCCS)."};
inline constexpr auto sgx_cache_crl_options = std::array{
    sgx_cache_dir, intel_url,
    OptionSpec{"--intel-root-url", "URL", "A cache to ask for the root's revocation list."}};
inline constexpr auto snp_cache_crl_options = std::array{
    OptionSpec{
        "--dir", "DIR", "Where the file is put; /var/cache/amd-sev if not given.", false, {}, true},
    OptionSpec{"--amd-url", "URL", "A cache to ask instead of AMD's key distribution service."}};
inline constexpr OptionSpec snp_cache_dir{
    "--dir", "DIR", "Where the file is put; /var/cache/amd-sev if not given.", false, {}, true};
inline constexpr OptionSpec amd_url{"--amd-url", "URL",
                                    "A cache to ask instead of AMD's key distribution service."};
inline constexpr std::array<std::string_view, 3> snp_products{"Milan", "Genoa", "Turin"};
inline constexpr OptionSpec snp_product{
    "--product", "NAME", "Of another processor than this machine's, with --chip-id and --tcb.",
    false, snp_products};
inline constexpr OptionSpec snp_chip_id{"--chip-id", "HEX",
                                        "Its id, as its reports have it: 128 digits, of Turin 16."};
inline constexpr OptionSpec snp_levels{
    "--tcb", "LEVELS",
    "The reported versions of its firmware: BOOTLOADER.TEE.SNP.MICROCODE, of Turin FMC before."};
inline constexpr auto snp_update_options =
    std::array{snp_cache_dir, amd_url, snp_product, snp_chip_id, snp_levels};
inline constexpr std::array<std::string_view, 2> vendors{"amd", "intel"};
inline constexpr OptionSpec vendor{"--vendor", "NAME", "Of another processor than this machine's.",
                                   false, vendors};
inline constexpr OptionSpec sgx_request{
    "--request", "FILE", "The firmware's request; its variable of EFI if not given.",
    false,       {},     true};
inline constexpr auto sgx_register_options = std::array{sgx_request, intel_url};
inline constexpr auto initialize_options = std::array{
    vendor, snp_cache_dir, amd_url, snp_product, snp_chip_id, snp_levels, sgx_request, intel_url};
inline constexpr auto snp_vcek_options =
    std::array{OptionSpec{"--file", "", "Print where the file is instead of its bytes."},
               snp_cache_dir, snp_product, snp_chip_id, snp_levels};
inline constexpr auto update_cache_options = std::array{
    vendor,
    OptionSpec{"--dir",
               "DIR",
               "Where the files are put; /var/cache/amd-sev or /var/cache/intel-sgx if not given.",
               false,
               {},
               true},
    amd_url, intel_url,
    OptionSpec{"--intel-root-url", "URL", "A cache to ask for the root's revocation list."}};

inline constexpr auto sgx_cache_pck_options = std::array{
    OptionSpec{
        "--csv",
        "FILE",
        "What Intel's PCKIDRetrievalTool tells of this platform; pckid_retrieval.csv in DIR if "
        "not given, which the tool makes if it is not there.",
        false,
        {},
        true},
    sgx_cache_dir, intel_url};
inline constexpr auto sgx_cache_tcb_options = std::array{sgx_cache_dir, intel_url};

inline constexpr std::array<std::string_view, 2> simulated_kinds{"snp", "sgx"};
inline constexpr OptionSpec simulate_kind{
    "--kind", "KIND",
    "snp: SEV-SNP of AMD's; sgx: SGX of Intel's. What --dir holds if not given, else snp.", false,
    simulated_kinds};
inline constexpr OptionSpec simulate_dir{
    "--dir",
    "DIR",
    "Where its files are; $XDG_STATE_HOME/merlon/simulator, or simulator-sgx (~/.local/state) if "
    "not given.",
    false,
    {},
    true};

inline constexpr auto simulate_update_options = std::array{
    OptionSpec{"--tcb", "VERSIONS",
               "The versions, higher or lower than before; must be given. Of SEV-SNP "
               "BOOTLOADER.TEE.SNP.MICROCODE; of SGX one number for all of its parts, of which the "
               "simulated TCB info calls 3 UpToDate, 2 OutOfDate and 1 Revoked."},
    simulate_kind, simulate_dir, OptionSpec{"--json", "", "Print one JSON object."}};

inline constexpr auto simulate_options = std::array{
    simulate_kind,
    simulate_dir,
    OptionSpec{"--json", "", "Print one JSON object."},
};

inline constexpr auto platform_commands = std::array{
    CommandSpec{
        "platform info",
        "Show what this machine offers for each kind of keep",
        "Looks at the processor, the kernel and the devices that each backend needs, and says "
        "what to do where something is missing. Changes nothing.",
        {},
        platform_options},
    CommandSpec{
        "platform tcb", "Say how long a platform will be accepted",
        "Judges its evidence as evidence verify does, and by Intel's early documents as well, "
        "which everybody gets weeks later: which security version is short, what raises it, "
        "how many days are left. Waivers of the policy have a last day, too. Exit status: 0 "
        "nothing will refuse it, 1 something will, 3 it is refused now, 4 it could not be "
        "judged.",
        platform_tcb_positionals, platform_tcb_options},
    CommandSpec{
        "platform snp cache-crl",
        "Get AMD's revocation lists for this machine",
        "Of the roots of Milan, Genoa and Turin, into crls.der, replaced as a whole or not at all. "
        "Says when the next ones come.",
        {},
        snp_cache_crl_options},
    CommandSpec{
        "platform snp update",
        "Get AMD's certificate of this processor's key (VCEK)",
        "For the versions of firmware that its reports name, with the certificates above it, each "
        "replaced as a whole or not at all. Says until when they count. Needs root to ask the "
        "security processor who it is. To be run again after each update of firmware.",
        {},
        snp_update_options},
    CommandSpec{"platform snp vcek",
                "Print the certificate that platform snp update got",
                "As AMD gave it, in DER. Exit status: 1 if none is there for the versions of now.",
                {},
                snp_vcek_options},
    CommandSpec{
        "initialize",
        "Do what its vendor wants done once for a machine",
        "Of AMD platform snp update; of Intel platform sgx register. Once for each machine, as root; of "
        "AMD again after each update of firmware.",
        {},
        initialize_options},
    CommandSpec{
        "update-cache",
        "Get again what changes of its vendor's word",
        "Of AMD platform snp cache-crl; of Intel platform sgx cache-crl and cache-tcb. For a timer.",
        {},
        update_cache_options},
    CommandSpec{
        "platform sgx register",
        "Register a machine of several processors with Intel",
        "Sends the request that the firmware has left for Intel's registration service. Needs root, "
        "once for each machine; one with a single processor needs none.",
        {},
        sgx_register_options},
    CommandSpec{
        "platform sgx cache-crl",
        "Get Intel's revocation lists for keeps on this machine",
        "Of the root and of both authorities of PCK certificates, into crls.der, replaced as a whole "
        "or not at all. Says when the next ones come.",
        {},
        sgx_cache_crl_options},
    CommandSpec{
        "platform sgx cache-pck",
        "Find out of which kind this machine is",
        "Asks Intel for this platform's PCK certificate, and writes its FMSPC into fmspc.txt.",
        {},
        sgx_cache_pck_options},
    CommandSpec{
        "platform sgx cache-tcb",
        "Get Intel's word on this kind of machine",
        "TCB info for the FMSPC in fmspc.txt into tcb.der, and the identity of quoting enclaves into "
        "qe-identity.json. Says when the next ones come.",
        {},
        sgx_cache_tcb_options},
    CommandSpec{
        "platform simulate init",
        "Make a simulated machine with SEV-SNP or SGX, for tests",
        "New keys and certificates of a machine that there is none of, in a directory that only you "
        "may enter. It protects nothing: whoever reads the keys signs any report. Evidence that it "
        "signs says SIMULATOR and is refused by every policy that does not name this machine's root, "
        "and of SEV-SNP that product. Never overwrites anything.",
        {},
        simulate_options},
    CommandSpec{
        "platform simulate show",
        "Show a simulated machine, and a policy that accepts it",
        "Root, chip, versions, whether it is revoked. Its directory is one of endorsements: evidence "
        "verify --endorsements DIR.",
        {},
        simulate_options},
    CommandSpec{
        "platform simulate revoke",
        "Revoke a simulated machine",
        "Puts a new revocation list in the place of its old one; with that list its evidence is "
        "refused, whatever the policy. Cannot be undone.",
        {},
        simulate_options},
    CommandSpec{
        "platform simulate update",
        "Give a simulated machine other versions of firmware",
        "A new certificate for these versions, under the same root; all else stays. For tests of what a "
        "rise of the TCB, or a downgrade, does to policies and to sealed data. Keeps that run go on "
        "with the versions that they were started with.",
        {},
        simulate_update_options},
};

}  // namespace merlon::cli::table
