#include "merlon/host/snp/testing/fake_device.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "merlon/base/instructions.h"
#include "merlon/base/text.h"
#include "merlon/image/vmsa.h"
#include "merlon/snp/id_block.h"

namespace merlon::host::snp::testing {

using base::concat;
using ::merlon::snp::PageType;
using os::Errno;
template <typename T>
using OsResult = os::Result<T>;

namespace {

constexpr std::uint64_t page_size = kernel::page_size;
constexpr std::size_t run_area_size = 3 * page_size;

// STATUS of the firmware.
constexpr std::uint32_t policy_failure = 7;
constexpr std::uint32_t bad_signature = 0xa;
constexpr std::uint32_t bad_measurement = 0xb;
constexpr std::uint32_t invalid_parameter = 0x16;

/// As copy_from_user and copy_to_user: an address that is none gives EFAULT, and nothing breaks.
OsResult<int> copy(bool to_user, std::uint64_t address, void* mine, std::size_t size) {
  ::iovec local{mine, size};
  ::iovec remote{reinterpret_cast<void*>(address), size};
  const long number = to_user ? SYS_process_vm_writev : SYS_process_vm_readv;
  const long copied = ::syscall(number, ::getpid(), &local, 1UL, &remote, 1UL, 0UL);
  if (copied != static_cast<long>(size)) return Errno::Fault;
  return 0;
}
template <typename T>
OsResult<T> from_user(std::uint64_t address) {
  T value{};
  TRY(copy(false, address, &value, sizeof value));
  return value;
}

/// The request's structure; it was made by File::ask, so that a wrong size is a wrong number.
template <typename T>
T* as(core::ByteSpan structure) {
  return structure.size() == sizeof(T) ? reinterpret_cast<T*>(structure.data()) : nullptr;
}

bool whole_pages(std::uint64_t address, std::uint64_t size) {
  return address % page_size == 0 && size % page_size == 0 && size != 0 && address + size > address;
}

}  // namespace

FakeDevice::FakeDevice(FakeMachine machine, std::vector<FakeExit> exits)
    : machine_(std::move(machine)), exits_(std::move(exits)) {
  // As after a reset; the local APIC is on, of the first processor.
  special_.apic_base = 0xfee0'0900;
  special_.cr0 = 0x6000'0010;
}

int FakeDevice::add(Kind kind, std::uint64_t size) {
  files_.emplace(next_file_, Open{kind, size});
  return next_file_++;
}

const FakeDevice::Open* FakeDevice::find(int file) const {
  const auto found = files_.find(file);
  return found == files_.end() ? nullptr : &found->second;
}

OsResult<int> FakeDevice::open(Node node) {
  requests_.push_back(node == Node::Kvm ? "open kvm" : "open sev");
  if (node == Node::Kvm ? !machine_.has_kvm : !machine_.has_sev) return Errno::Noent;
  return add(node == Node::Kvm ? Kind::Kvm : Kind::Sev);
}

void FakeDevice::close(int file) noexcept { files_.erase(file); }

OsResult<int> FakeDevice::control(int file, unsigned long request, unsigned long number) {
  requests_.push_back(base::hex(std::array{static_cast<std::uint8_t>(request)}));
  const Open* const open = find(file);
  if (open == nullptr) return Errno::Badf;
  if (open->kind == Kind::Kvm) return kvm(request, number);
  if (open->kind == Kind::Processor && request == request::run.number) return run();
  if (open->kind == Kind::Machine && request == request::create_processor.number) {
    if (number != 0) return Errno::Inval;
    if (processor_made_) return Errno::Exist;
    if (!initialized_) return Errno::Inval;
    processor_made_ = true;
    return add(Kind::Processor);
  }
  // One that takes a structure, and got a number.
  return open->kind == Kind::Processor ? Errno::Inval : Errno::Notty;
}

OsResult<int> FakeDevice::control_with(int file, unsigned long request, core::ByteSpan structure) {
  requests_.push_back(base::hex(std::array{static_cast<std::uint8_t>(request)}));
  const Open* const open = find(file);
  if (open == nullptr) return Errno::Badf;
  switch (open->kind) {
    case Kind::Kvm: {
      if (request == request::supported_cpuid.number) {
        auto* const list = as<kernel::LeafList>(structure);
        const base::CpuidTable offered = offered_cpuid();
        if (list == nullptr || list->head.count > 256) return Errno::TooBig;
        if (list->head.count < offered.leaves().size()) return Errno::TooBig;
        list->head.count = 0;
        for (const base::CpuidLeaf& leaf : offered.leaves()) {
          ::kvm_cpuid_entry2& entry = list->entries[list->head.count++];
          entry = {
              leaf.leaf,          leaf.subleaf,       leaf.by_subleaf ? 1U : 0U, leaf.registers.eax,
              leaf.registers.ebx, leaf.registers.ecx, leaf.registers.edx,        {}};
        }
        return 0;
      }
      if (request == request::has_attribute.number) {
        const auto* const attribute = as<::kvm_device_attr>(structure);
        const bool known = attribute != nullptr && attribute->group == 1 && attribute->attr <= 1;
        if (!known || (attribute->attr == 1 && !machine_.asks_for_certificates)) return Errno::Nxio;
        return 0;
      }
      return Errno::Notty;
    }
    case Kind::Sev:
      return request == request::platform.number ? platform(structure)
                                                 : OsResult<int>(Errno::Notty);
    case Kind::Machine: return of_machine(request, structure);
    case Kind::Processor: return of_processor(request, structure);
    case Kind::GuestMemory: return Errno::Notty;
  }
  return Errno::Notty;
}

OsResult<core::ByteSpan> FakeDevice::map(int file, std::size_t size) {
  requests_.push_back("map");
  const Open* const open = find(file);
  if (open == nullptr) return Errno::Badf;
  if (open->kind != Kind::Processor || size == 0 || size > run_area_size) return Errno::Inval;
  area_.assign(run_area_size, 0);
  mapped_ = true;
  return core::ByteSpan(area_).first(size);
}

void FakeDevice::unmap(core::ByteSpan /*mapping*/) noexcept { mapped_ = false; }

bool FakeDevice::is_private(std::uint64_t address) const {
  return private_pages_.contains(address / page_size);
}

std::vector<std::uint8_t> FakeDevice::shared(std::uint64_t address, std::size_t size) const {
  for (const auto& [slot, range] : regions_) {
    if (address < range.base || address + size > range.base + range.size) continue;
    std::vector<std::uint8_t> bytes(size);
    if (copy(false, range.host_address + (address - range.base), bytes.data(), size)) return bytes;
  }
  return {};
}

OsResult<int> FakeDevice::kvm(unsigned long request, unsigned long number) {
  if (request == request::api_version.number) return number == 0 ? OsResult<int>(12) : Errno::Inval;
  if (request == request::run_area_size.number) {
    return number == 0 ? OsResult<int>(static_cast<int>(run_area_size)) : Errno::Inval;
  }
  if (request == request::check_extension.number) {
    const auto found = machine_.extensions.find(static_cast<unsigned>(number));
    return found == machine_.extensions.end() ? 0 : found->second;
  }
  if (request == request::create_machine.number) {
    // A machine of another kind could be made as well; a launch would see that at the next step.
    if (number != kernel::snp_machine) return Errno::Inval;
    machine_made_ = true;
    return add(Kind::Machine);
  }
  return Errno::Notty;
}

OsResult<int> FakeDevice::get_id(std::uint64_t address) {
  auto wanted = TRY(from_user<kernel::GetId>(address));
  std::vector<std::uint8_t>& ids = machine_.chip_ids;
  const bool fits = ids.size() <= wanted.size;
  if (fits) TRY(copy(true, wanted.address, ids.data(), ids.size()));
  wanted.size = static_cast<std::uint32_t>(ids.size());
  TRY(copy(true, address, &wanted, sizeof wanted));
  return fits ? OsResult<int>(0) : Errno::Io;
}

OsResult<int> FakeDevice::platform(core::ByteSpan structure) {
  auto* const command = as<kernel::PlatformCommand>(structure);
  if (command == nullptr || command->id > 12) return Errno::Inval;
  if (command->id == kernel::get_id) return get_id(command->data);
  if (command->id != kernel::platform_status) return Errno::Perm;
  TRY(copy(true, command->data, &machine_.platform, sizeof machine_.platform));
  return 0;
}

OsResult<int> FakeDevice::of_machine(unsigned long request, core::ByteSpan structure) {
  if (request == request::enable_capability.number) {
    return enable(*as<::kvm_enable_cap>(structure));
  }
  if (request == request::create_guest_memory.number) {
    const auto& memory = *as<kernel::GuestMemory>(structure);
    if (!whole_pages(0, memory.size) || memory.flags != 0 || memory.size >> 47U != 0) {
      return Errno::Inval;
    }
    return add(Kind::GuestMemory, memory.size);
  }
  if (request == request::set_memory_region.number) {
    return set_region(*as<kernel::MemoryRegion>(structure));
  }
  if (request == request::set_memory_attributes.number) {
    return set_attributes(*as<kernel::MemoryAttributes>(structure));
  }
  if (request == request::memory_encryption.number) {
    return encrypt(*as<kernel::SevCommand>(structure));
  }
  return Errno::Notty;
}

OsResult<int> FakeDevice::enable(const ::kvm_enable_cap& capability) {
  if (capability.flags != 0) return Errno::Inval;
  if (capability.cap == kernel::exit_hypercall) {
    if ((capability.args[0] & ~(std::uint64_t{1} << kernel::map_range_hypercall)) != 0) {
      return Errno::Inval;
    }
    exits_hypercalls_ = capability.args[0] != 0;
    return 0;
  }
  if (capability.cap == KVM_CAP_SPLIT_IRQCHIP) {
    if (capability.args[0] > 1024 || processor_made_) return Errno::Inval;
    return 0;
  }
  return Errno::Inval;
}

OsResult<int> FakeDevice::set_region(const kernel::MemoryRegion& region) {
  const std::uint32_t known = kernel::region_has_guest_memory | KVM_MEM_LOG_DIRTY_PAGES;
  const bool has_guest_memory = (region.flags & kernel::region_has_guest_memory) != 0;
  if ((region.flags & ~known) != 0 || (has_guest_memory && region.flags != known - 1U)) {
    return Errno::Inval;
  }
  if (!whole_pages(region.guest_address, region.size) || region.slot > 32000 ||
      region.host_address % page_size != 0 || region.host_address >> 47U != 0) {
    return Errno::Inval;
  }
  if (regions_.contains(region.slot)) return Errno::Inval;  // one with guest memory stays as it is
  for (const auto& [slot, other] : regions_) {
    if (region.guest_address < other.base + other.size &&
        other.base < region.guest_address + region.size) {
      return Errno::Exist;
    }
  }
  if (has_guest_memory) {
    const Open* const memory = find(static_cast<int>(region.guest_memory));
    if (memory == nullptr || memory->kind != Kind::GuestMemory) return Errno::Badf;
    const std::uint64_t offset = region.guest_memory_offset;
    if (offset % page_size != 0 || region.size > memory->size ||
        offset > memory->size - region.size) {
      return Errno::Inval;
    }
  }
  regions_[region.slot] = {region.guest_address, region.size, has_guest_memory,
                           region.host_address};
  return 0;
}

OsResult<int> FakeDevice::set_attributes(const kernel::MemoryAttributes& attributes) {
  if (attributes.flags != 0 || (attributes.attributes & ~kernel::attribute_private) != 0 ||
      !whole_pages(attributes.address, attributes.size)) {
    return Errno::Inval;
  }
  if (attributes.size >> 30U != 0) return Errno::Nomem;  // more than this fake keeps a list of
  const std::uint64_t first = attributes.address / page_size;
  for (std::uint64_t i = 0; i < attributes.size / page_size; ++i) {
    if (attributes.attributes != 0) {
      private_pages_.insert(private_pages_.end(), first + i);
    } else {
      private_pages_.erase(first + i);
    }
  }
  return 0;
}

OsResult<int> FakeDevice::encrypt(kernel::SevCommand& command) {
  command.error = kernel::firmware_not_asked;
  const auto id = static_cast<kernel::Command>(command.id);
  if (id == kernel::Command::Init) return init(command.data);
  if (id == kernel::Command::RequestCertificates) {
    if (!machine_.asks_for_certificates || launched_) return Errno::Inval;
    certificates_ = true;
    return 0;
  }
  if (id != kernel::Command::LaunchStart && id != kernel::Command::LaunchUpdate &&
      id != kernel::Command::LaunchFinish) {
    return Errno::Inval;
  }
  if (!initialized_) return Errno::Inval;
  if (id == kernel::Command::LaunchStart) return start(command);
  if (!started_ || launched_) return Errno::Inval;
  return id == kernel::Command::LaunchUpdate ? update(command) : finish(command);
}

OsResult<int> FakeDevice::init(std::uint64_t data) {
  const auto init = TRY(from_user<kernel::Init>(data));
  if (initialized_ || processor_made_) return Errno::Inval;
  if (init.vmsa_features != 0 || init.flags != 0 || init.ghcb_version != 2) return Errno::Inval;
  initialized_ = true;
  return 0;
}

/// Whether the command names the security processor's device.
#define CHECK_SEV(command)                                         \
  do {                                                             \
    const Open* const sev = find(static_cast<int>((command).sev)); \
    if (sev == nullptr) return Errno::Badf;                        \
    if (sev->kind != Kind::Sev) return Errno::Badf;                \
  } while (false)

OsResult<int> FakeDevice::start(kernel::SevCommand& command) {
  const auto launch = TRY(from_user<kernel::LaunchStart>(command.data));
  if (started_ || launch.flags != 0) return Errno::Inval;
  const ::merlon::snp::GuestPolicy policy{launch.policy};
  // Linux 6.11 wants threads of a core allowed, and no single socket.
  if (!policy.has_reserved_bits_right() || !policy.smt() || policy.single_socket()) {
    return Errno::Inval;
  }
  CHECK_SEV(command);
  command.error = 0;
  const unsigned has = machine_.platform.api_major * 256U + machine_.platform.api_minor;
  if (policy.abi_major() * 256U + policy.abi_minor() > has) {
    command.error = policy_failure;
    return Errno::Io;
  }
  policy_ = launch.policy;
  started_ = true;
  return 0;
}

OsResult<int> FakeDevice::update(kernel::SevCommand& command) {
  ++updates_;
  auto range = TRY(from_user<kernel::LaunchUpdate>(command.data));
  const bool is_type = range.type >= 1 && range.type <= 6 && range.type != 2;
  if (range.size == 0 || range.size % page_size != 0 || range.flags != 0 || !is_type) {
    return Errno::Inval;
  }
  if (machine_.again_every != 0 && updates_ % machine_.again_every == 0) return Errno::Again;
  const auto region = std::ranges::find_if(regions_, [&](const auto& each) {
    const Range& one = each.second;
    return range.frame >= one.base / page_size && range.frame < (one.base + one.size) / page_size;
  });
  if (region == regions_.end() || !region->second.has_guest_memory) return Errno::Inval;
  const std::uint64_t pages =
      std::min({range.size / page_size, machine_.pages_at_once,
                (region->second.base + region->second.size) / page_size - range.frame});
  CHECK_SEV(command);
  command.error = 0;
  for (std::uint64_t i = 0; i < pages; ++i) {
    std::uint32_t firmware = 0;
    const auto taken = update_page(range, i, firmware);
    if (!taken) {
      command.error = firmware;
      // Linux tells every failure of this kind by the one number; what was taken stays taken.
      return taken.error() == Errno::Fault || firmware != 0 ? Errno::Io : taken.error();
    }
  }
  range.frame += pages;
  range.size -= pages * page_size;
  if (range.type != 3) range.host_address += pages * page_size;
  TRY(copy(true, command.data, &range, sizeof range));
  return 0;
}

OsResult<int> FakeDevice::update_page(const kernel::LaunchUpdate& range, std::uint64_t page,
                                      std::uint32_t& firmware) {
  const std::uint64_t frame = range.frame + page;
  if (!private_pages_.contains(frame)) return Errno::Inval;
  if (populated_.contains(frame)) return Errno::Exist;
  std::array<std::uint8_t, page_size> bytes{};
  if (range.type != 3) {
    TRY(copy(false, range.host_address + page * page_size, bytes.data(), bytes.size()));
  }
  if (range.type == 6) TRY(check_cpuid(range, firmware));
  const auto type = static_cast<PageType>(range.type);
  if (type == PageType::Normal) {
    chain_.add_normal(frame * page_size, bytes);
  } else {
    chain_.add_empty(type, frame * page_size);
  }
  populated_.insert(frame);
  return 0;
}

/// As the firmware: a page that claims too much comes back with what would be right.
OsResult<int> FakeDevice::check_cpuid(const kernel::LaunchUpdate& range, std::uint32_t& firmware) {
  auto page = TRY((from_user<std::array<std::uint8_t, page_size>>(range.host_address)));
  std::uint32_t count = 0;
  std::memcpy(&count, page.data(), sizeof count);
  const bool formed = count >= 1 && count <= 64;
  if (formed && machine_.cpuid_rejections == 0) return 0;
  if (machine_.cpuid_rejections != 0) --machine_.cpuid_rejections;
  firmware = invalid_parameter;
  if (formed) page[16 + 24 + 8] ^= 1;  // a bit of ECX of the first
  TRY(copy(true, range.host_address, page.data(), page.size()));
  return Errno::Io;
}

OsResult<int> FakeDevice::check_id(const kernel::LaunchFinish& launch, std::uint32_t& firmware) {
  if (launch.has_id_block == 0) return 0;
  using IdBytes = std::array<std::uint8_t, kernel::id_block_size>;
  using AuthBytes = std::array<std::uint8_t, kernel::id_auth_size>;
  const auto block = TRY(from_user<IdBytes>(launch.id_block));
  const auto auth = TRY(from_user<AuthBytes>(launch.id_auth));
  const auto parsed = ::merlon::snp::IdBlock::parse(block);
  if (!std::ranges::equal(auth, machine_.known_auth) || launch.has_author_key > 1) {
    firmware = bad_signature;
  } else if (!parsed || parsed->policy.bits != policy_) {
    firmware = policy_failure;
  } else if (parsed->digest != chain_.digest()) {
    firmware = bad_measurement;
  }
  return firmware == 0 ? OsResult<int>(0) : Errno::Io;
}

OsResult<int> FakeDevice::finish(kernel::SevCommand& command) {
  const auto launch = TRY(from_user<kernel::LaunchFinish>(command.data));
  if (launch.flags != 0) return Errno::Inval;
  CHECK_SEV(command);
  command.error = 0;
  if (processor_made_) chain_.add_vmsa(vmsa().page());
  std::uint32_t firmware = 0;
  const auto checked = check_id(launch, firmware);
  command.error = firmware;
  if (!checked) return checked.error();
  launched_ = true;
  return 0;
}

OsResult<int> FakeDevice::of_processor(unsigned long request, core::ByteSpan structure) {
  if (request == request::set_cpuid.number) {
    const auto& list = *as<kernel::LeafList>(structure);
    if (list.head.count > 256) return Errno::TooBig;
    cpuid_ = list;
    return 0;
  }
  // Once launched, its registers are its own.
  if (launched_) return Errno::Inval;
  if (request == request::get_special_registers.number) {
    *as<::kvm_sregs>(structure) = special_;
    return 0;
  }
  if (request == request::set_special_registers.number) {
    const auto& wanted = *as<::kvm_sregs>(structure);
    const bool long_mode = (wanted.efer & 0x100) != 0 && (wanted.cr0 >> 31U & 1U) != 0;
    const bool sound = !long_mode || ((wanted.cr4 & 0x20) != 0 && (wanted.efer & 0x400) != 0);
    const bool of_cpuid = cpuid_.has_value() || (wanted.cr4 >> 16U & 1U) == 0;
    // The bit that says private is an address's if CPUID says where it is.
    const std::uint64_t address_mask = ((std::uint64_t{1} << 48U) - 1) | private_bit();
    const bool reserved = wanted.cr4 >> 26U != 0 || wanted.cr0 >> 32U != 0 ||
                          (wanted.cr3 & ~address_mask) != 0 || (wanted.apic_base & 0xff) != 0;
    if (!sound || !of_cpuid || reserved) return Errno::Inval;
    special_ = wanted;
    return 0;
  }
  if (request == request::set_registers.number) {
    general_ = *as<::kvm_regs>(structure);
    return 0;
  }
  return Errno::Inval;
}

/// Written from what sev_es_sync_vmsa does, and not from registers_for().
image::Vmsa FakeDevice::vmsa() const {
  const auto segment = [](const ::kvm_segment& from) {
    const unsigned present = from.present != 0 && from.unusable == 0 ? 1 : 0;
    const unsigned attributes = (from.type & 15U) | (from.s & 1U) << 4U | (from.dpl & 3U) << 5U |
                                present << 7U | (from.avl & 1U) << 8U | (from.l & 1U) << 9U |
                                (from.db & 1U) << 10U | (from.g & 1U) << 11U;
    return image::VmsaSegment{from.selector, static_cast<std::uint16_t>(attributes), from.limit,
                              from.base};
  };
  image::Vmsa made;
  made.es = segment(special_.es);
  made.cs = segment(special_.cs);
  made.ss = segment(special_.ss);
  made.ds = segment(special_.ds);
  made.fs = segment(special_.fs);
  made.gs = segment(special_.gs);
  made.ldtr = segment(special_.ldt);
  made.tr = segment(special_.tr);
  made.gdtr = {0, 0, special_.gdt.limit, special_.gdt.base};
  made.idtr = {0, 0, special_.idt.limit, special_.idt.base};
  made.cpl = special_.ss.dpl & 3U;
  made.efer = special_.efer | 0x1000;
  made.cr0 = special_.cr0;
  made.cr3 = special_.cr3;
  made.cr4 = special_.cr4 | 0x40;
  made.dr6 = 0xffff'0ff0;
  made.dr7 = 0x400;
  made.rflags = general_.rflags | 2;
  made.rip = general_.rip;
  made.rsp = general_.rsp;
  made.rax = general_.rax;
  made.rdx = general_.rdx;
  made.rdi = general_.rdi;
  made.page_attributes = 0x0007'0406'0007'0406;
  made.sev_features = 1;
  made.xcr0 = 1;
  made.mxcsr = 0x1f80;
  made.x87_control = 0x37f;
  return made;
}

/// As the keep sees it, in memory of the host's.
core::ByteSpan FakeDevice::block() const {
  for (const auto& [slot, range] : regions_) {
    if (range.base != image::block_base) continue;
    // SAFETY: the launcher gave this address for as many bytes, and keeps them with the machine.
    return {reinterpret_cast<std::uint8_t*>(range.host_address), range.size};
  }
  return {};
}

OsResult<int> FakeDevice::run() {
  if (!launched_ || !mapped_) return Errno::Inval;
  std::uint8_t* const data = area_.data() + kernel::exit_data_offset;
  if (waits_for_answer_) {
    std::vector<std::uint64_t> answer(8);
    std::memcpy(answer.data(), data, 8 * sizeof(std::uint64_t));
    answers_.push_back(std::move(answer));
  }
  FakeExit exit{KVM_EXIT_SHUTDOWN, {}};
  if (next_exit_ < exits_.size()) exit = exits_[next_exit_++];
  if (exit.before) exit.before(block());
  // Without these exits a page state change fails inside the kernel, and the keep gives up.
  if ((exit.reason == KVM_EXIT_HYPERCALL && !exits_hypercalls_) ||
      (exit.reason == kernel::exit_certificates && !certificates_ && !machine_.asks_unwanted)) {
    exit = {KVM_EXIT_SYSTEM_EVENT, {kernel::event_sev_terminated | std::uint64_t{1} << 32U, 0x100}};
  }
  waits_for_answer_ = exit.reason == KVM_EXIT_HYPERCALL || exit.reason == kernel::exit_certificates;
  std::memcpy(area_.data() + kernel::exit_reason_offset, &exit.reason, sizeof exit.reason);
  exit.data.resize(9);
  std::memcpy(data, exit.data.data(), exit.data.size() * sizeof(std::uint64_t));
  if (exit.reason == kernel::exit_memory_fault) return Errno::Fault;
  return 0;
}

std::uint64_t FakeDevice::private_bit() const {
  if (!cpuid_) return 0;
  for (const ::kvm_cpuid_entry2& entry : std::span(cpuid_->entries).first(cpuid_->head.count)) {
    if (entry.function == 0x8000'001f) return std::uint64_t{1} << (entry.ebx & 0x3fU);
  }
  return 0;
}

base::CpuidTable offered_cpuid() {
  const base::CpuidRegisters ones{0, 0, 0, 0};
  std::vector<base::CpuidLeaf> leaves{{0, 0, false, {0x10, 0x6874'7541, 0x444d'4163, 0x6974'6e65}},
                                      {1, 0, false, {0x00a0'0f11, 0, 0, 0x178b'fbff}},
                                      {7, 0, true, {1, 0, 0, 0}},
                                      {7, 1, true, ones},
                                      {0xd, 0, true, {7, 0x340, 0x340, 0}},
                                      {0xd, 1, true, {1, 0x340, 0, 0}},
                                      {0xd, 2, true, {0x100, 0x240, 0, 0}},
                                      {0x4000'0000, 0, false, {0x4000'0001, 1, 2, 3}},
                                      {0x8000'0000, 0, false, {0x8000'0021, 0, 0, 0}},
                                      {0x8000'0001, 0, false, {0x00a0'0f11, 0, 0, 0}},
                                      // SEV and SEV-ES; where the bit is that says private.
                                      {0x8000'001f, 0, false, {0xa, 51, 0, 0}}};
  base::CpuidTable table(std::move(leaves));
  for (const base::Instructions& set : base::instruction_sets) {
    base::CpuidRegisters* const leaf = table.find(set.leaf, set.subleaf);
    if (leaf != nullptr) word_of(*leaf, set.where) |= set.mask();
  }
  return table;
}

image::HostProcessor host_processor() { return {offered_cpuid(), 7}; }

}  // namespace merlon::host::snp::testing
