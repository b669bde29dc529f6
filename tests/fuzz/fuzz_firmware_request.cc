// Any bytes as the end of a launch, and as a program of commands to a simulated security processor:
// it never goes on after a command that it refused, and a launch that ended is over.

#include <algorithm>
#include <cstdlib>

#include "merlon/simulate/launch_context.h"

#include "tests/fuzz/evidence_harness.h"

namespace {

using namespace merlon;
using launch::FirmwareStatus;

void read(core::ByteView bytes) {
  const auto finished = launch::FinishedLaunch::parse(bytes);
  if (!finished) {
    fuzz::expect_no_defect(finished.error());
    return;
  }
  if (!std::ranges::equal(finished->bytes(), bytes)) std::abort();
  (void)simulate::judge_id_block(*finished, {}, {0x20000});
}

/// Three pages of zeros.
class ShortFile final : public simulate::PageFile {
 public:
  core::Result<void> read(std::uint64_t offset, core::ByteSpan into) override {
    constexpr std::uint64_t size = 3 * 4096;
    if (offset > size || into.size() > size - offset) {
      return core::error(core::ErrorCode::NotFound, "too short");
    }
    std::ranges::fill(into, std::uint8_t{0});
    return {};
  }
};

/// Eight bytes a command: which, kind, number of page, size in pieces of 2 KiB, their byte.
void perform(core::ByteView program) {
  simulate::PageFiles files;
  files.push_back(std::make_unique<ShortFile>());
  auto context = simulate::LaunchContext::create(std::move(files)).value();
  bool started = false;
  FirmwareStatus failed = FirmwareStatus::Success;
  for (; program.size() >= 8; program = program.subspan(8)) {
    const std::uint64_t value = program[2] | static_cast<std::uint64_t>(program[3]) << 8U;
    switch (program[0] % 4) {
      case 0: {
        const auto status = context.start(value << 12U);
        if (status == FirmwareStatus::Success && std::exchange(started, true)) std::abort();
        break;
      }
      case 1: {
        const std::vector<std::uint8_t> pages(program[4] % 8 * 2048UL, program[5]);
        const bool vmsa = program[6] % 4 == 0;
        const auto answer =
            context.update(program[1], vmsa ? image::vmsa_address : value << 11U, pages);
        const bool running = !started || context.is_finished();
        if (running != (answer.status == FirmwareStatus::InvalidGuestState)) std::abort();
        if (answer.status != FirmwareStatus::Success && !answer.payload.empty()) std::abort();
        if (!running && failed == FirmwareStatus::Success) failed = answer.status;
        break;
      }
      case 3: {
        const launch::PageSource source{program[4] * 1024UL, program[5] * 512UL,
                                        program[6] % 2 == 0 ? 0 : launch::PageSource::zeros};
        const auto status = context.update_from(program[1] % 8, value << 11U, source);
        const bool running = !started || context.is_finished();
        if (running != (status == FirmwareStatus::InvalidGuestState)) std::abort();
        if (!running && failed == FirmwareStatus::Success) failed = status;
        break;
      }
      default: {
        const bool before = context.is_finished();
        const auto status = context.finish(
            launch::FinishedLaunch{std::vector<std::uint8_t>(32, program[5]), {}, {}, false}
                .bytes());
        const bool wanted = started && !before && failed == FirmwareStatus::Success;
        if (wanted != (status == FirmwareStatus::Success)) std::abort();
        if (context.is_finished() != (before || wanted)) std::abort();
      }
    }
  }
  if (!context.is_finished()) return;
  const auto guest = context.take_guest();
  if (guest && guest->keys.size() != 4) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read({data, size});
  perform({data, size});
  return 0;
}
