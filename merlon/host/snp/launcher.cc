#include "merlon/host/snp/launcher.h"

#include <algorithm>

#include "merlon/host/snp/registers.h"
#include "merlon/image/vmsa.h"

namespace merlon::host::snp {

using image::PageKind;
using os::Errno;

namespace {

// PAGE_TYPE of SNP_LAUNCH_UPDATE [SNP-ABI 1.58 §8.17].
constexpr std::uint8_t normal = 1;
constexpr std::uint8_t zero = 3;
constexpr std::uint8_t secrets = 5;
constexpr std::uint8_t cpuid = 6;

constexpr std::uint32_t invalid_parameter = 0x16;

constexpr std::size_t staging_size = std::size_t{2} << 20U;
/// How often in a row the kernel may ask to try again without having taken a page.
constexpr unsigned most_stalls = 1000;

Trouble wrong_image(Step step) { return {step, Cause::Image, {}, 0}; }

bool is_again(Errno number) noexcept { return number == Errno::Again || number == Errno::Intr; }

/// What of `before` is left to do, as the kernel says in `after`: the end stays where it was.
bool is_rest_of(const kernel::LaunchUpdate& after, const kernel::LaunchUpdate& before) noexcept {
  if (after.size > before.size || after.size % kernel::page_size != 0) return false;
  const std::uint64_t taken = before.size - after.size;
  const std::uint64_t host_address = before.type == zero ? 0 : before.host_address + taken;
  return after.frame == before.frame + taken / kernel::page_size &&
         after.host_address == host_address && after.type == before.type;
}

}  // namespace

template <typename T>
Result<T> Launcher::kept(Result<T> result) {
  if (!result) trouble_ = result.error();
  return result;
}

Result<void> Launcher::start() {
  if (trouble_) return *trouble_;
  if (state_ != State::Fresh) return kept(Result<void>(wrong_image(Step::LaunchStart)));
  const bool signed_rightly = options_.id_block.empty()
                                  ? options_.id_auth.empty() && !options_.has_author_key
                                  : options_.id_block.size() == kernel::id_block_size &&
                                        options_.id_auth.size() == kernel::id_auth_size;
  if (!signed_rightly) return kept(Result<void>(wrong_image(Step::LaunchStart)));
  auto staging = os::Mapping::reserve(staging_size);
  if (!staging || !staging->protect(0, staging_size, os::Protection::ReadWrite)) {
    return kept(Result<void>(Trouble{Step::OwnMemory, Cause::Refused, Errno::Nomem, 0}));
  }
  staging_ = *std::move(staging);
  kernel::LaunchStart launch;
  launch.policy = options_.policy;
  const auto started =
      kept(machine_.command(Step::LaunchStart, kernel::Command::LaunchStart, &launch));
  if (started) state_ = State::Started;
  return started;
}

core::Result<void> Launcher::put(PageKind kind, std::uint64_t address, core::ByteView bytes) {
  if (!trouble_) {
    if (const auto taken = kept(take(kind, address, bytes)); taken) return {};
  }
  const bool wrong = trouble_->cause == Cause::Image;
  return core::error(wrong ? core::ErrorCode::Malformed : core::ErrorCode::Unavailable,
                     "the launch has failed", static_cast<std::uint64_t>(trouble_->step));
}

Result<void> Launcher::take(PageKind kind, std::uint64_t address, core::ByteView bytes) {
  if (state_ != State::Started) return wrong_image(Step::LaunchUpdate);
  switch (kind) {
    case PageKind::Normal: return add_pages(normal, address, bytes);
    case PageKind::Zero: return add_pages(zero, address, bytes);
    case PageKind::Secrets: return add_pages(secrets, address, bytes);
    case PageKind::Cpuid:
      if (bytes.size() != kernel::page_size) return wrong_image(Step::LaunchUpdateCpuid);
      return add_cpuid(address);
    case PageKind::Vmsa: return set_registers(bytes);
  }
  return wrong_image(Step::LaunchUpdate);
}

Result<void> Launcher::add_pages(std::uint8_t type, std::uint64_t address, core::ByteView bytes) {
  const std::uint64_t pages = (bytes.size() + kernel::page_size - 1) / kernel::page_size;
  const auto* const part = machine_.part_with(address, pages * kernel::page_size);
  if (part == nullptr || !part->is_private || address % kernel::page_size != 0) {
    return wrong_image(Step::LaunchUpdate);
  }
  while (!bytes.empty()) {
    const core::ByteView piece = bytes.first(std::min(bytes.size(), staging_size));
    const std::uint64_t whole =
        (piece.size() + kernel::page_size - 1) / kernel::page_size * kernel::page_size;
    std::fill_n(std::ranges::copy(piece, staging_.data()).out, whole - piece.size(), 0);
    kernel::LaunchUpdate range;
    range.frame = address / kernel::page_size;
    // SAFETY: the kernel takes the address as a number; the pages stay until it has answered.
    range.host_address = type == zero ? 0 : reinterpret_cast<std::uint64_t>(staging_.data());
    range.size = whole;
    range.type = type;
    TRY(update(Step::LaunchUpdate, range));
    address += whole;
    bytes = bytes.subspan(piece.size());
  }
  return {};
}

/// The firmware may want other answers than KVM's: it writes down which, and is asked once more.
Result<void> Launcher::add_cpuid(std::uint64_t address) {
  constexpr Step step = Step::LaunchUpdateCpuid;
  const auto* const part = machine_.part_with(address, kernel::page_size);
  const auto page = cpuid_page(machine_.seen_);
  if (part == nullptr || !part->is_private || address % kernel::page_size != 0 || !page) {
    return wrong_image(step);
  }
  std::ranges::copy(*page, staging_.data());
  kernel::LaunchUpdate range;
  range.frame = address / kernel::page_size;
  // SAFETY: as in add_pages.
  range.host_address = reinterpret_cast<std::uint64_t>(staging_.data());
  range.size = kernel::page_size;
  range.type = cpuid;
  if (!TRY(update(step, range))) return {};
  auto corrected = corrections(*page, {staging_.data(), kernel::page_size});
  if (!corrected) return Trouble{step, Cause::Nonsense, {}, 0};
  machine_.journal_->corrections = *std::move(corrected);
  // Without a correction the firmware would say no for ever.
  if (machine_.journal_->corrections.empty() || TRY(update(step, range))) {
    return Trouble{step, Cause::Firmware, Errno::Io, invalid_parameter};
  }
  return {};
}

Result<bool> Launcher::update(Step step, kernel::LaunchUpdate range) {
  unsigned stalls = 0;
  while (range.size != 0) {
    const kernel::LaunchUpdate before = range;
    std::uint32_t firmware = 0;
    const auto answer = machine_.try_command(kernel::Command::LaunchUpdate, &range, firmware);
    if (!answer && !is_again(answer.error())) {
      const bool by_firmware = firmware != 0 && firmware != kernel::firmware_not_asked;
      if (range.type == cpuid && answer.error() == Errno::Io && firmware == invalid_parameter) {
        return true;
      }
      return Trouble{step, by_firmware ? Cause::Firmware : Cause::Refused, answer.error(),
                     firmware};
    }
    if (!is_rest_of(range, before)) return Trouble{step, Cause::Nonsense, {}, 0};
    stalls = range.size == before.size ? stalls + 1 : 0;
    if (stalls == most_stalls) return Trouble{step, Cause::Stuck, {}, 0};
  }
  machine_.note(step);
  return false;
}

Result<void> Launcher::set_registers(core::ByteView page) {
  const auto vmsa = image::Vmsa::from_page(page);
  if (!vmsa) return wrong_image(Step::SetSpecialRegisters);
  ::kvm_sregs before{};
  TRY(machine_.done(Step::GetRegisters,
                    machine_.processor_.ask(request::get_special_registers, before)));
  auto registers = registers_for(*vmsa, before);
  if (!registers) return wrong_image(Step::SetSpecialRegisters);
  TRY(machine_.done(Step::SetSpecialRegisters,
                    machine_.processor_.ask(request::set_special_registers, registers->special)));
  TRY(machine_.done(Step::SetRegisters,
                    machine_.processor_.ask(request::set_registers, registers->general)));
  state_ = State::HasRegisters;
  return {};
}

Result<void> Launcher::finish() {
  if (trouble_) return *trouble_;
  if (state_ != State::HasRegisters) return kept(Result<void>(wrong_image(Step::LaunchFinish)));
  const auto finished = kept(send_finish());
  if (finished) {
    state_ = State::Finished;
    machine_.launched_ = true;
  }
  return finished;
}

Result<void> Launcher::send_finish() {
  kernel::LaunchFinish launch;
  if (!options_.id_block.empty()) {
    // SAFETY: the kernel takes addresses as numbers; the options stay until it has answered.
    launch.id_block = reinterpret_cast<std::uint64_t>(options_.id_block.data());
    launch.id_auth = reinterpret_cast<std::uint64_t>(options_.id_auth.data());
    launch.has_id_block = 1;
    launch.has_author_key = options_.has_author_key ? 1 : 0;
  }
  std::ranges::copy(options_.host_data, std::begin(launch.host_data));
  return machine_.command(Step::LaunchFinish, kernel::Command::LaunchFinish, &launch);
}

Result<void> launch_keep(Machine& machine, const LaunchOptions& options, const image::Program& shim,
                         const image::Program& keep) {
  Launcher launcher(machine, options);
  TRY(launcher.start());
  if (!image::lay_out(shim, keep, {.attested = true}, launcher)) {
    return launcher.trouble().value_or(wrong_image(Step::LaunchUpdate));
  }
  return launcher.finish();
}

}  // namespace merlon::host::snp
