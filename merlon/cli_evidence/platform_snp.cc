// merlon platform snp update, vcek: the certificate of this processor's key, where Enarx has it.
// What speaks to the network is merlon-fetch.

#include <array>

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/fetch.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/host/snp/certificates.h"
#include "merlon/host/snp/own_chip.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/processor.h"
#include "merlon/snp/chip.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

using host::snp::amd_cache;
constexpr std::size_t max_certificate = 64UL * 1024;

Result<snp::Chip> own_chip() {
  const std::uint32_t signature = os::cpuid(1).eax;
  host::snp::KernelDevice device;
  const auto chip = host::snp::own_chip(device, signature);
  if (chip) return *chip;
  const bool has_none = !host::snp::product_of(signature);
  return Failure{
      concat(chip.error().text, has_none ? "; --product, --chip-id and --tcb name another" : ""),
      Status::Unusable};
}

/// The one that is named, or this machine's.
Result<snp::Chip> chip_of(const cli::Arguments& arguments) {
  const std::array<bool, 3> given{arguments.has("--product"), arguments.has("--chip-id"),
                                  arguments.has("--tcb")};
  if (!given[0] && !given[1] && !given[2]) return own_chip();
  if (!given[0] || !given[1] || !given[2]) {
    return Failure{"--product, --chip-id and --tcb belong together", Status::Usage};
  }
  const auto chip = snp::Chip::parse(arguments.value("--product"), arguments.value("--chip-id"),
                                     arguments.value("--tcb"));
  if (chip) return *chip;
  return Failure{concat("--product, --chip-id, --tcb: ", chip.error().what), Status::Usage};
}

int failed(const cli::Terminal& terminal, const Failure& failure) {
  return cli::fail(terminal, failure.text, number(failure.status));
}

}  // namespace

int platform_snp_update(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto chip = chip_of(arguments);
  if (!chip) return failed(terminal, chip.error());
  const std::array<std::string, 8> words{
      "merlon-fetch",
      "--host",
      "amd-vcek",
      arguments.value("--dir", amd_cache),
      "",
      "",
      arguments.value("--amd-url"),
      concat(to_string(chip->product), " ", chip->id_digits(), " ", chip->levels())};
  return run_fetch(words, terminal);
}

int platform_snp_vcek(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto chip = chip_of(arguments);
  if (!chip) return failed(terminal, chip.error());
  const std::string path = concat(arguments.value("--dir", amd_cache), "/", chip->file());
  const auto bytes = os::exists(path) ? read_bytes(path, max_certificate)
                                      : Result<std::vector<std::uint8_t>>(Failure{
                                            concat(base::printable(path),
                                                   ": is not there: merlon platform snp update "
                                                   "gets it from AMD"),
                                            Status::Unusable});
  if (!bytes) return failed(terminal, {bytes.error().text, Status::Unusable});
  if (arguments.has("--file")) return cli::print(terminal, concat(base::printable(path), "\n"));
  const auto written = os::write_all(os::BorrowedFd(1), *bytes);
  return written ? 0 : launch::number(launch::ExitStatus::OutputLost);
}

}  // namespace merlon::cli_evidence
