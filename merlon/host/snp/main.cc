// merlon-vmm-snp: the process around a keep of backend snp. It finds its workload on descriptor 3,
// as merlon-keep does, confines itself to it, and passes it on into the machine.
//
//   merlon-vmm-snp [--signatures FILE] [--stats] [--try]
//   merlon-vmm-snp --check …          (check.h)
//
// Before it takes the workload it says whether it can run one (launch/readiness.h); with --try that
// is all.

#include <optional>
#include <string>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/host/attested_process.h"
#include "merlon/host/machine_process.h"
#include "merlon/host/signature.h"
#include "merlon/host/snp/certificates.h"
#include "merlon/host/snp/check.h"
#include "merlon/host/snp/confinement.h"
#include "merlon/host/snp/keep_guest.h"
#include "merlon/host/snp/own_chip.h"
#include "merlon/launch/channel.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/processor.h"
#include "merlon/os/surrender.h"

namespace {

using namespace merlon;
using base::concat;
using host::snp::KeepGuest;

template <typename T>
using Result = core::Result<T, host::HostError>;

struct Options {
  host::AttestedOptions asked;
  std::optional<std::string> signatures;  ///< file of what the keep's owner signed
};

std::optional<Options> options_of(std::span<char*> words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--stats") {
      options.asked.statistics = true;
    } else if (word == "--try") {
      options.asked.only_try = true;
    } else if (word == "--signatures" && i + 1 < words.size()) {
      options.signatures = words[++i];
    } else {
      return std::nullopt;
    }
  }
  return options;
}

Result<host::snp::LaunchOptions> launch_options(const Options& options) {
  host::snp::LaunchOptions launch;
  if (!options.signatures) return launch;
  host::LaunchSignature signature = TRY(host::read_launch_signature(*options.signatures));
  launch.policy = signature.policy;
  launch.id_block = std::move(signature.id_block);
  launch.id_auth = std::move(signature.id_auth);
  launch.has_author_key = signature.has_author_key;
  return launch;
}

/// For who asks the keep for its evidence. A keep runs without them: a judge can get them himself,
/// and only files that are spoilt are worth a word.
std::vector<std::uint8_t> own_certificates(host::snp::Device& device) {
  const auto chip = host::snp::own_chip(device, os::cpuid(1).eax);
  if (!chip) return {};
  auto table = host::snp::read_certificates(*chip, host::snp::amd_cache);
  if (table) return *std::move(table);
  if (table.error().code != core::ErrorCode::NotFound) {
    const std::string line = concat("merlon: ", table.error().text, "\n");
    static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
  }
  return {};
}

Result<image::Program> program_of(const host::Neighbour& file, std::string_view name) {
  auto program = image::parse_elf(file.mapping.bytes());
  if (program) return *std::move(program);
  return host::HostError{program.error().code, concat(name, ": ", program.error().message())};
}

Result<std::unique_ptr<host::AttestedKeep>> make_guest(host::snp::Device& device,
                                                       const Options& options) {
  const auto shim_file = host::open_neighbour("merlon-shim-kvm");
  const auto keep_file = host::open_neighbour("merlon-keep");
  if (!shim_file || !keep_file) {
    return host::HostError{
        core::ErrorCode::NotFound,
        "cannot read merlon-shim-kvm and merlon-keep, which lie beside merlon-vmm-snp"};
  }
  const image::Program shim = TRY(program_of(*shim_file, "merlon-shim-kvm"));
  const image::Program keep = TRY(program_of(*keep_file, "merlon-keep"));
  auto launch = TRY(launch_options(options));
  base::CpuidTable cpuid = os::instruction_leaves();
  const std::uint64_t state = os::extended_state(cpuid);
  return std::unique_ptr<host::AttestedKeep>(
      TRY(KeepGuest::create(device, {std::move(cpuid), state},
                            {shim, keep, std::move(launch), own_certificates(device)})));
}

}  // namespace

int main(int count, char** all_words) {
  const std::span<char*> words(all_words + 1, static_cast<std::size_t>(count > 0 ? count - 1 : 0));
  if (!words.empty() && std::string_view(words[0]) == "--check") {
    return host::snp::check(words.subspan(1));
  }
  os::end_with_maker_of(os::BorrowedFd(launch::keep_descriptor));
  os::ignore_broken_pipes();
  const auto options = options_of(words);
  if (!options) {
    return host::end_failed("merlon-vmm-snp is started by merlon, not by hand",
                            launch::ExitStatus::Usage);
  }
  host::snp::KernelDevice device;
  return host::run_attested(make_guest(device, *options), "guest of SEV-SNP",
                            host::snp::machine_calls(), options->asked);
}
