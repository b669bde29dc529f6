#include "merlon/host/snp/testing/story.h"

#include "merlon/host/snp/testing/fake_device.h"
#include "merlon/image/testing/elf_file.h"
#include "merlon/measure/keep_digest.h"
#include "merlon/snp/id_block.h"

namespace merlon::host::snp::testing {

using image::testing::ElfFile;

namespace {

constexpr std::uint32_t load = 1;
constexpr std::uint32_t read_execute = 5;
constexpr std::uint32_t read_write = 6;

/// Up to the end of the launch; the trouble, if there was any, is `launcher`'s too.
std::optional<Trouble> launch(Launcher& launcher) {
  const auto shim_file = small_shim();
  const auto keep_file = small_keep();
  const auto shim = image::parse_elf(shim_file);
  const auto keep = image::parse_elf(keep_file);
  if (const auto started = launcher.start(); !started) return started.error();
  const auto layout = image::lay_out(*shim, *keep, {.attested = true}, launcher);
  if (!layout) return launcher.trouble();
  const auto finished = launcher.finish();
  return finished ? std::nullopt : std::optional(finished.error());
}

}  // namespace

std::vector<std::uint8_t> small_shim() {
  ElfFile file;
  file.put<std::uint16_t>(16, 2).put<std::uint64_t>(24, image::low_base);
  file.segment(load, read_execute, 0x1000, image::low_base, 0x3100, 0x3100)
      .segment(load, read_write, 0x5000, image::low_base + 0x4000, 0x80, 0x2800);
  file.content(0x1000, std::vector<std::uint8_t>(0x3100, 0x90));
  file.content(0x5000, std::vector<std::uint8_t>(0x80, 0x17));
  return file.bytes();
}

std::vector<std::uint8_t> small_keep() {
  ElfFile file;
  file.segment(load, read_execute, 0x1000, 0, 0x2100, 0x2100)
      .segment(load, read_write, 0x4000, 0x3f80, 0x80, 0x4000);
  file.content(0x1000, std::vector<std::uint8_t>(0x2100, 0xc3));
  file.content(0x4000, std::vector<std::uint8_t>(0x80, 0x71));
  return file.bytes();
}

Ending launch_and_run(Device& device, const LaunchOptions& options,
                      std::vector<std::uint8_t> certificates) {
  Ending ending;
  auto machine = Machine::create(device, ending.journal, host_processor(), std::move(certificates));
  if (!machine) {
    ending.trouble = machine.error();
    return ending;
  }
  Launcher launcher(*machine, options);
  ending.trouble = launch(launcher);
  if (ending.trouble) return ending;
  const auto stop = machine->run();
  if (stop) {
    ending.stop = *stop;
  } else {
    ending.trouble = stop.error();
  }
  return ending;
}

LaunchOptions signed_options() {
  const auto measured = measure::launch_digest(small_shim(), small_keep(), sallyport::World::Ring0);
  ::merlon::snp::IdBlock block;
  block.digest = measured->digest;
  block.policy.bits = keep_policy;
  const auto bytes = block.to_bytes();
  LaunchOptions options;
  options.id_block.assign(bytes.begin(), bytes.end());
  options.id_auth.assign(kernel::id_auth_size, 0x5c);
  return options;
}

}  // namespace merlon::host::snp::testing
