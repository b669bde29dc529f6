#include "merlon/host/snp/check.h"

#include <chrono>
#include <string>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/host/programs.h"
#include "merlon/host/snp/launcher.h"
#include "merlon/image/elf.h"
#include "merlon/os/alarm.h"
#include "merlon/os/file_mapping.h"
#include "merlon/os/open.h"
#include "merlon/os/processor.h"

namespace {

using namespace merlon;
using base::concat;
using host::snp::Step;

constexpr std::size_t max_file_size = 1UL << 20U;
constexpr std::chrono::seconds run_limit{5};

void print(const std::string& line) {
  static_cast<void>(os::write_all(os::BorrowedFd(1), core::as_bytes(line + "\n")));
}

struct Options {
  host::snp::LaunchOptions launch;
  std::vector<std::uint8_t> certificates;
  bool only_launch = false;
};

bool read_file(const std::string& path, std::vector<std::uint8_t>& bytes) {
  const auto file = os::open_file(path);
  if (!file) return false;
  auto read = os::read_all(*file, max_file_size);
  if (!read) return false;
  bytes = *std::move(read);
  return !bytes.empty();
}

/// False for words that are none of ours, and files that cannot be read.
bool read_options(std::span<char*> words, Options& options) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view word = words[i];
    std::vector<std::uint8_t>* file = nullptr;
    if (word == "--author-key") {
      options.launch.has_author_key = true;
    } else if (word == "--only-launch") {
      options.only_launch = true;
    } else if (word == "--id-block") {
      file = &options.launch.id_block;
    } else if (word == "--id-auth") {
      file = &options.launch.id_auth;
    } else if (word == "--certificates") {
      file = &options.certificates;
    } else {
      return false;
    }
    if (file != nullptr && (++i == words.size() || !read_file(words[i], *file))) return false;
  }
  return true;
}

/// A program that lies beside this one.
os::Result<os::FileMapping> map_neighbour(std::string_view name) {
  const std::string own = TRY(os::own_program());
  const os::Fd file = TRY(os::open_file(concat(own.substr(0, own.rfind('/')), "/", name)));
  return os::FileMapping::create(file, host::max_program_size);
}

std::string registers(const base::CpuidRegisters& of) {
  return concat(of.eax, " ", of.ebx, " ", of.ecx, " ", of.edx);
}

void tell(const host::snp::Journal& journal) {
  for (std::size_t i = 0; i < host::snp::step_count; ++i) {
    const auto step = static_cast<Step>(i);
    if (journal.count(step) != 0) {
      print(concat("step ", name_of(step), " ", journal.count(step)));
    }
  }
  if (journal.platform) {
    const host::snp::kernel::PlatformStatus& platform = *journal.platform;
    print(
        concat("fact firmware ", platform.api_major, ".", platform.api_minor, ".", platform.build));
    print(concat("fact state ", platform.state));
    print(concat("fact guests ", platform.guests));
    print(concat("fact current-tcb ", platform.current_tcb));
    print(concat("fact reported-tcb ", platform.reported_tcb));
  }
  for (const host::snp::CpuidCorrection& each : journal.corrections) {
    print(concat("fact cpuid-correction ", each.leaf, " ", each.subleaf, ": ",
                 registers(each.asked), " -> ", registers(each.corrected)));
  }
}

/// Until the keep's first stop, or the end of its time.
host::snp::Result<void> run(host::snp::Machine& machine) {
  const auto alarm = os::Alarm::start(
      run_limit, std::chrono::seconds(1), [](void* /*nothing*/) noexcept {}, nullptr);
  if (!alarm) return host::snp::Trouble{Step::Run, host::snp::Cause::Refused, alarm.error(), 0};
  const auto stop = TRY(machine.run());
  print(concat("stop ", name_of(stop.kind), ", exit ", stop.reason, ", detail ", stop.detail, ", ",
               stop.conversions, " conversions"));
  return {};
}

host::snp::Result<void> launch_and_run(host::snp::Journal& journal, Options options,
                                       const image::Program& shim, const image::Program& keep) {
  host::snp::KernelDevice device;
  base::CpuidTable cpuid = os::instruction_leaves();
  const std::uint64_t state = os::extended_state(cpuid);
  auto machine = TRY(host::snp::Machine::create(device, journal, {std::move(cpuid), state},
                                                std::move(options.certificates)));
  TRY(host::snp::launch_keep(machine, options.launch, shim, keep));
  print("launched");
  if (!options.only_launch) TRY(run(machine));
  return {};
}

}  // namespace

namespace merlon::host::snp {

int check(std::span<char*> words) {
  Options options;
  if (!read_options(words, options)) {
    print("trouble options: tools/hardware_check starts this program");
    return 1;
  }
  const auto shim_file = map_neighbour("merlon-shim-kvm");
  const auto keep_file = map_neighbour("merlon-keep");
  if (!shim_file || !keep_file) {
    print("trouble programs: merlon-shim-kvm and merlon-keep lie beside merlon-vmm-snp");
    return 1;
  }
  const auto shim = image::parse_elf(shim_file->bytes());
  const auto keep = image::parse_elf(keep_file->bytes());
  if (!shim || !keep) {
    print("trouble programs: merlon-shim-kvm or merlon-keep is no program of ours");
    return 1;
  }
  host::snp::Journal journal;
  const auto ended = launch_and_run(journal, std::move(options), *shim, *keep);
  tell(journal);
  if (ended) return 0;
  print(concat("trouble ", ended.error().name()));
  if (!ended.error().remedy().empty()) print(concat("remedy ", ended.error().remedy()));
  // What happened to a keep that was launched is told; only a launch can fail.
  return journal.count(Step::LaunchFinish) == 0 ? 1 : 0;
}

}  // namespace merlon::host::snp
