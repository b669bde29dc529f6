// merlon platform snp update, vcek: the certificate of this processor's key, where Enarx has it.
// What speaks to the network is merlon-fetch.

#include <array>
#include <bit>

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/fetch.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/host/snp/chip_facts.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/processor.h"
#include "merlon/snp/chip.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

constexpr const char* amd_cache = "/var/cache/amd-sev";
constexpr std::size_t max_certificate = 64UL * 1024;

/// [AMD 3 CPUID Fn0000_0001 EAX]
std::optional<snp::Product> own_product() {
  const std::uint32_t signature = os::cpuid(1).eax;
  const std::uint32_t family = ((signature >> 8U) & 0xf) + ((signature >> 20U) & 0xff);
  const std::uint32_t model = ((signature >> 4U) & 0xf) | ((signature >> 12U) & 0xf0);
  const auto product =
      snp::product_of_cpuid(static_cast<std::uint8_t>(family), static_cast<std::uint8_t>(model));
  return product == snp::Product::Simulator ? std::nullopt : product;
}

Result<snp::Chip> own_chip() {
  const auto product = own_product();
  if (!product) {
    return Failure{
        "this processor is no AMD EPYC with SEV-SNP; --product, --chip-id and --tcb name another",
        Status::Unusable};
  }
  host::snp::KernelDevice device;
  const auto facts = host::snp::read_chip(device);
  if (!facts) {
    const bool forbidden = facts.error() == os::Errno::Acces || facts.error() == os::Errno::Perm;
    return Failure{concat("/dev/sev: ", os::describe(facts.error()),
                          forbidden ? "; the security processor tells root alone who it is"
                                    : "; merlon platform info --backend snp says what is missing"),
                   Status::Unusable};
  }
  const auto tcb = snp::TcbVersion::from(facts->reported_tcb).value();
  return snp::Chip{*product, snp::ChipId::from(facts->id).value(), snp::components(tcb, *product)};
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
