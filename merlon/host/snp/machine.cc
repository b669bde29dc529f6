#include "merlon/host/snp/machine.h"

#include <algorithm>

#include "merlon/base/instructions.h"
#include "merlon/image/layout.h"

namespace merlon::host::snp {

using os::Errno;

namespace {

constexpr int interface_version = 12;
constexpr std::uint64_t interrupt_pins = 24;
constexpr unsigned interrupts_split = KVM_CAP_SPLIT_IRQCHIP;
constexpr std::uint16_t ghcb_version = 2;
constexpr unsigned least_firmware = 1 * 256 + 51;  // 1.51: what keeps' policies ask for
constexpr std::size_t most_parts = 500;            // each is a slot of KVM's and an open file
constexpr std::size_t most_run_area = std::size_t{1} << 20U;

Trouble missing(Step step) { return {step, Cause::Missing, {}, 0}; }
Trouble refused(Step step, Errno number) { return {step, Cause::Refused, number, 0}; }
Trouble nonsense(Step step) { return {step, Cause::Nonsense, {}, 0}; }

base::CpuidTable table_of(const kernel::LeafList& list) {
  std::vector<base::CpuidLeaf> leaves;
  for (const ::kvm_cpuid_entry2& entry : std::span(list.entries).first(list.head.count)) {
    leaves.push_back({entry.function,
                      entry.index,
                      (entry.flags & KVM_CPUID_FLAG_SIGNIFCANT_INDEX) != 0,
                      {entry.eax, entry.ebx, entry.ecx, entry.edx}});
  }
  return base::CpuidTable(std::move(leaves));
}

kernel::LeafList list_of(std::span<const base::CpuidLeaf> leaves) {
  kernel::LeafList list;
  list.head.count = static_cast<std::uint32_t>(leaves.size());
  std::ranges::transform(leaves, std::begin(list.entries), [](const base::CpuidLeaf& leaf) {
    ::kvm_cpuid_entry2 entry{};
    entry.function = leaf.leaf;
    entry.index = leaf.subleaf;
    entry.flags = leaf.by_subleaf ? KVM_CPUID_FLAG_SIGNIFCANT_INDEX : 0;
    entry.eax = leaf.registers.eax;
    entry.ebx = leaf.registers.ebx;
    entry.ecx = leaf.registers.ecx;
    entry.edx = leaf.registers.edx;
    return entry;
  });
  return list;
}

}  // namespace

Result<Machine> Machine::create(Device& device, Journal& journal, const image::HostProcessor& host,
                                std::vector<std::uint8_t> certificates) {
  Machine made(device, journal);
  TRY(made.check_kernel());
  TRY(made.check_platform());
  TRY(made.create_machine());
  // Between the tables and main memory lies what the host reads and writes: block and messages.
  TRY(made.add_part(image::low_base, image::table_end - image::low_base, true));
  TRY(made.add_part(image::block_base, image::block_size, false));
  TRY(made.add_part(image::messages_base, image::messages_size, false));
  TRY(made.add_part(image::main_base, image::main_size, true));
  TRY(made.create_processor());
  TRY(made.give_cpuid(host));
  TRY(made.ask_for_certificates(std::move(certificates)));
  return made;
}

Result<void> Machine::done(Step step, const os::Result<int>& answer) {
  if (!answer) return refused(step, answer.error());
  note(step);
  return {};
}

Result<int> Machine::extension(Step step, unsigned number) {
  const auto answer = kvm_.ask(request::check_extension, number);
  if (!answer) return refused(step, answer.error());
  return *answer;
}

Result<void> Machine::check_kernel() {
  const auto opened = device_->open(Node::Kvm);
  TRY(done(Step::OpenKvm, opened));
  kvm_ = File(*device_, *opened);
  const auto version = kvm_.ask(request::api_version);
  TRY(done(Step::ApiVersion, version));
  if (*version != interface_version) return nonsense(Step::ApiVersion);
  struct Need {
    Step step;
    unsigned extension;
    unsigned bits;
  };
  constexpr std::array<Need, 5> needs{
      {{Step::MachineTypes, kernel::machine_types, 1U << kernel::snp_machine},
       {Step::GuestMemory, kernel::guest_memory, 1},
       {Step::MemoryAttributes, kernel::memory_attributes, kernel::attribute_private},
       {Step::MemoryRegions, kernel::memory_regions, 1},
       {Step::HypercallExits, kernel::exit_hypercall, 1U << kernel::map_range_hypercall}}};
  for (const Need& need : needs) {
    const int has = TRY(extension(need.step, need.extension));
    if ((static_cast<unsigned>(has) & need.bits) != need.bits) return missing(need.step);
    note(need.step);
  }
  return {};
}

Result<void> Machine::check_platform() {
  const auto opened = device_->open(Node::Sev);
  TRY(done(Step::OpenSev, opened));
  sev_ = File(*device_, *opened);
  kernel::PlatformStatus status;
  kernel::PlatformCommand command;
  command.id = kernel::platform_status;
  // SAFETY: the kernel takes the address as a number; `status` lives until it has answered.
  command.data = reinterpret_cast<std::uint64_t>(&status);
  const auto answer = sev_.ask(request::platform, command);
  if (!answer) return refused(Step::PlatformStatus, answer.error());
  journal_->platform = status;
  const unsigned version = status.api_major * 256U + status.api_minor;
  if (status.state != kernel::platform_initialized || version < least_firmware) {
    return missing(Step::PlatformStatus);
  }
  note(Step::PlatformStatus);
  return {};
}

Result<void> Machine::create_machine() {
  const auto created = kvm_.ask(request::create_machine, kernel::snp_machine);
  TRY(done(Step::CreateMachine, created));
  machine_ = File(*device_, *created);
  ::kvm_enable_cap exits{};
  exits.cap = kernel::exit_hypercall;
  exits.args[0] = std::uint64_t{1} << kernel::map_range_hypercall;
  TRY(done(Step::EnableHypercallExits, machine_.ask(request::enable_capability, exits)));
  // As in backend kvm: without a controller of interrupts the kernel patches its own code, twice.
  ::kvm_enable_cap interrupts{};
  interrupts.cap = interrupts_split;
  interrupts.args[0] = interrupt_pins;
  TRY(done(Step::SplitInterrupts, machine_.ask(request::enable_capability, interrupts)));
  kernel::Init init;
  init.ghcb_version = ghcb_version;
  return command(Step::Init, kernel::Command::Init, &init);
}

Result<void> Machine::add_part(std::uint64_t base, std::uint64_t size, bool is_private) {
  Part part;
  part.base = base;
  part.size = size;
  part.is_private = is_private;
  auto own = os::Mapping::reserve(size);
  if (!own || !own->protect(0, size, os::Protection::ReadWrite)) {
    return refused(Step::OwnMemory, Errno::Nomem);
  }
  note(Step::OwnMemory);
  part.own = *std::move(own);
  kernel::MemoryRegion region;
  region.slot = static_cast<std::uint32_t>(parts_.size());
  region.guest_address = base;
  region.size = size;
  // SAFETY: KVM takes the address as a number and checks it; the part keeps the memory.
  region.host_address = reinterpret_cast<std::uint64_t>(part.own.data());
  if (is_private) {
    kernel::GuestMemory memory;
    memory.size = size;
    const auto created = machine_.ask(request::create_guest_memory, memory);
    TRY(done(Step::CreateGuestMemory, created));
    part.guest = File(*device_, *created);
    region.flags = kernel::region_has_guest_memory;
    region.guest_memory = static_cast<std::uint32_t>(*created);
  }
  TRY(done(Step::SetMemoryRegion, machine_.ask(request::set_memory_region, region)));
  parts_.push_back(std::move(part));
  return is_private ? set_private(Step::SetPrivate, base, size, true) : Result<void>();
}

Result<void> Machine::add_memory(std::uint64_t base, std::uint64_t size) {
  if (parts_.size() >= most_parts) return refused(Step::SetMemoryRegion, Errno::Nospc);
  return add_part(base, size, true);
}

core::ByteSpan Machine::shared(std::uint64_t address, std::uint64_t size) noexcept {
  const Part* const part = part_with(address, size);
  if (part == nullptr || part->is_private) return {};
  return {part->own.data() + (address - part->base), size};
}

Result<void> Machine::set_private(Step step, std::uint64_t address, std::uint64_t size,
                                  bool is_private) {
  kernel::MemoryAttributes attributes;
  attributes.address = address;
  attributes.size = size;
  attributes.attributes = is_private ? kernel::attribute_private : 0;
  return done(step, machine_.ask(request::set_memory_attributes, attributes));
}

Result<void> Machine::create_processor() {
  const auto created = machine_.ask(request::create_processor, 0);
  TRY(done(Step::CreateProcessor, created));
  processor_ = File(*device_, *created);
  const auto size = kvm_.ask(request::run_area_size);
  if (!size) return refused(Step::RunArea, size.error());
  const auto bytes = static_cast<std::size_t>(*size);
  if (bytes < sizeof(::kvm_run) || bytes > most_run_area) return nonsense(Step::RunArea);
  const auto area = device_->map(processor_.number(), bytes);
  if (!area) return refused(Step::RunArea, area.error());
  run_area_ = Area(*device_, *area);
  note(Step::RunArea);
  return {};
}

Result<void> Machine::give_cpuid(const image::HostProcessor& host) {
  kernel::LeafList offered;
  constexpr std::size_t most = std::size(offered.entries);
  offered.head.count = most;
  const auto got = kvm_.ask(request::supported_cpuid, offered);
  TRY(done(Step::SupportedCpuid, got));
  if (offered.head.count > most) return nonsense(Step::SupportedCpuid);
  // A larger state is switched on by the shim; KVM lets every machine have what it offers.
  seen_ = image::keep_processor(host, table_of(offered), image::extended_states.front());
  if (seen_.cpuid.leaves().size() > most) return nonsense(Step::SupportedCpuid);
  if (!base::lacking_instructions(seen_.cpuid, seen_.extended_state).empty()) {
    return missing(Step::SupportedCpuid);
  }
  kernel::LeafList list = list_of(seen_.cpuid.leaves());
  return done(Step::SetCpuid, processor_.ask(request::set_cpuid, list));
}

Result<void> Machine::ask_for_certificates(std::vector<std::uint8_t> certificates) {
  if (certificates.empty()) return {};
  if (certificates.size() > max_certificates) {
    return Trouble{Step::RequestCertificates, Cause::Image, {}, 0};
  }
  ::kvm_device_attr attribute{};
  attribute.group = kernel::sev_attributes;
  attribute.attr = kernel::certificates_asked;
  // A keep of a kernel without it asks by its sallyport.
  if (!kvm_.ask(request::has_attribute, attribute)) return {};
  TRY(command(Step::RequestCertificates, kernel::Command::RequestCertificates, nullptr));
  certificates_ = std::move(certificates);
  return {};
}

os::Result<int> Machine::try_command(kernel::Command id, void* structure, std::uint32_t& firmware) {
  kernel::SevCommand command;
  command.id = static_cast<std::uint32_t>(id);
  // SAFETY: the kernel takes the address as a number; the caller's structure outlives the call.
  command.data = reinterpret_cast<std::uint64_t>(structure);
  command.sev = static_cast<std::uint32_t>(sev_.number());
  const auto answer = machine_.ask(request::memory_encryption, command);
  firmware = command.error;
  return answer;
}

Result<void> Machine::command(Step step, kernel::Command id, void* structure) {
  std::uint32_t firmware = 0;
  const auto answer = try_command(id, structure, firmware);
  if (answer) {
    note(step);
    return {};
  }
  const bool by_firmware = firmware != 0 && firmware != kernel::firmware_not_asked;
  return Trouble{step, by_firmware ? Cause::Firmware : Cause::Refused, answer.error(), firmware};
}

Machine::Part* Machine::part_with(std::uint64_t address, std::uint64_t size) noexcept {
  const auto found = std::ranges::find_if(parts_, [&](const Part& part) {
    return size != 0 && address >= part.base && address - part.base < part.size &&
           size <= part.size - (address - part.base);
  });
  return found == parts_.end() ? nullptr : &*found;
}

}  // namespace merlon::host::snp
