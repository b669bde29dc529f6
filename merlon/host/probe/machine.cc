#include "merlon/host/probe/machine.h"

#include <array>

#include "merlon/base/text.h"
#include "merlon/core/bytes.h"
#include "merlon/host/keep.h"
#include "merlon/host/snp/own_chip.h"
#include "merlon/os/ioctl.h"
#include "merlon/os/landlock.h"
#include "merlon/os/local_socket.h"
#include "merlon/os/open.h"
#include "merlon/os/processor.h"
#include "merlon/os/system.h"

namespace merlon::host::probe {

using base::concat;

namespace {

constexpr std::size_t max_text = 64UL * 1024;  // of mounts in a container
constexpr std::uint32_t first_extended = 0x8000'0000;
constexpr std::uint32_t brand_leaf = 0x8000'0002;

void append(std::string& text, std::uint32_t word) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    text.push_back(static_cast<char>(word >> shift & 0xFFU));
  }
}

Machine::Trial try_kvm() {
  auto tried = try_backend(host::Backend::Kvm);
  if (!tried) return {false, std::move(tried.error().text)};
  return {tried->ready, std::move(tried->text)};
}

}  // namespace

Registers Processor::leaf(std::uint32_t number, std::uint32_t subleaf) const {
  // Intel's processors answer a leaf beyond the last as they do the last.
  const std::uint32_t first = number >= first_extended ? first_extended : 0;
  const std::uint32_t last = cpuid_(first, 0).eax;
  if (number > last || last < first) return {};
  return cpuid_(number, subleaf);
}

std::string Processor::vendor() const {
  const Registers found = leaf(0);
  std::string text;
  for (const std::uint32_t word : {found.ebx, found.edx, found.ecx}) append(text, word);
  return base::printable(text.substr(0, text.find('\0')));
}

std::string Processor::brand() const {
  std::string text;
  for (std::uint32_t part = 0; part < 3; ++part) {
    const Registers found = leaf(brand_leaf + part);
    for (const std::uint32_t word : {found.eax, found.ebx, found.ecx, found.edx}) {
      append(text, word);
    }
  }
  text.resize(std::min(text.find('\0'), text.size()));
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return vendor();
  return base::printable(text.substr(begin, text.find_last_not_of(' ') + 1 - begin));
}

os::Result<os::Fd> Machine::open_device(std::string_view path) const {
  return os::open_device(concat(root, path));
}

bool Machine::has(std::string_view path) const { return os::exists(concat(root, path)); }

bool Machine::listens(std::string_view path) const {
  return os::connect_local(concat(root, path), std::chrono::seconds(1)).has_value();
}

std::optional<std::string> Machine::read(std::string_view path) const {
  const auto file = os::open_file(concat(root, path));
  if (!file) return std::nullopt;
  const auto bytes = os::read_all(*file, max_text);
  if (!bytes) return std::nullopt;
  std::string text(core::as_text(*bytes));
  text.resize(text.find_last_not_of(" \t\n") + 1);
  return text;
}

namespace {

std::optional<std::string> own_vcek() {
  snp::KernelDevice device;
  const auto chip = snp::own_chip(device, os::cpuid(1).eax);
  return chip ? std::optional(chip->file()) : std::nullopt;
}

}  // namespace

Machine this_machine() {
  return {.processor = Processor(
              [](std::uint32_t leaf, std::uint32_t subleaf) { return os::cpuid(leaf, subleaf); }),
          .root = "",
          .ask_kvm = &os::control,
          .try_kvm = &try_kvm,
          .lacking_instructions = &os::lacking_instructions,
          .landlock_version = &os::landlock_version,
          .lockable_bytes = &os::lockable_bytes,
          .own_vcek = &own_vcek};
}

}  // namespace merlon::host::probe
