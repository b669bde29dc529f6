// Runs a keep under QEMU's emulator (TCG): the shim and the keep are the bytes of backend kvm, and
// ring 0 is a whole one, which not every host's KVM has. Takes the place of merlon-vmm in a test.
//
// The machine's memory is a file that QEMU and we share; its doorbell is a debug console.

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "merlon/base/text.h"
#include "merlon/host/calls.h"
#include "merlon/host/kvm/measured_loader.h"
#include "merlon/host/programs.h"
#include "merlon/image/elf.h"
#include "merlon/image/layout.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/file.h"
#include "merlon/os/file_mapping.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/sallyport/block.h"

namespace {

using namespace merlon;
using base::concat;

/// Firmware writes its tables below the end of all memory.
constexpr std::uint64_t firmware_size = std::uint64_t{2} << 20U;
constexpr std::uint64_t memory_size = image::main_base + image::main_size + firmware_size;
constexpr std::uint64_t stub = 0x30'0000;
constexpr int failed_status = 125;

/// An encrypted machine's private memory is another device of the emulator's, where the bit that
/// says private leads an address to: what is used with the wrong bit is other memory.
constexpr std::uint64_t private_size = std::uint64_t{8} << 30U;
constexpr std::uint64_t first_private_size = image::main_base + image::main_size;
/// What nobody has put into it is the host's choice.
constexpr std::uint8_t hosts_choice = 0xa5;
/// Tells the boot code that the machine is encrypted.
constexpr std::uint64_t encrypted_flag = 0x50'0000;
/// How the message fared that was rung for: 0 for not yet, 1 for well, else minus an errno.
constexpr std::uint64_t message_state = encrypted_flag + 8;
// What the debugger that plays the hypervisor of an encrypted machine rings with, beside 0.
constexpr char message_bell = 1;
constexpr char certificate_bell = 2;

class FileMemory final : public image::PageSink {
 public:
  /// It has no name, so nothing is left of it however this program ends.
  explicit FileMemory(std::uint64_t size)
      : file_(os::Fd::adopt(::memfd_create("merlon-tcg", MFD_CLOEXEC))) {
    if (::ftruncate(file_.number(), static_cast<::off_t>(size)) != 0) return;
    void* const data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_.number(), 0);
    if (data != MAP_FAILED) bytes_ = {static_cast<std::uint8_t*>(data), size};
  }

  core::Result<void> put(image::PageKind kind, std::uint64_t address,
                         core::ByteView bytes) override {
    if (kind != image::PageKind::Normal)
      return core::error(core::ErrorCode::Unsupported,
                         "a kind of page that an emulator does not know", address);
    std::memcpy(bytes_.data() + address, bytes.data(), bytes.size());
    return {};
  }
  /// Nobody has put anything there: whoever uses it finds this.
  void fill(std::uint64_t address, std::uint64_t size, std::uint8_t with) {
    std::memset(bytes_.data() + address, with, size);
  }
  [[nodiscard]] bool usable() const { return !bytes_.empty(); }
  /// Where another program of this user finds it.
  [[nodiscard]] std::string path() const {
    return concat("/proc/", ::getpid(), "/fd/", file_.number());
  }
  [[nodiscard]] std::uint64_t& word(std::uint64_t address) {
    // SAFETY: addresses of table entries are multiples of 8 inside of the mapping.
    return *reinterpret_cast<std::uint64_t*>(bytes_.data() + address);
  }
  [[nodiscard]] core::ByteSpan span(std::uint64_t address, std::uint64_t size) {
    return bytes_.subspan(address, size);
  }
  [[nodiscard]] sallyport::Block block() {
    return sallyport::Block(bytes_.subspan(image::block_base, image::block_size));
  }

 private:
  os::Fd file_;
  core::ByteSpan bytes_;
};

/// What the security processor of an encrypted machine puts into its private memory, as the file
/// "snp" beside the boot code wants it: its bytes are the page of CPUID. Each page that was put is
/// a line of the file "stream" there.
class EncryptedMemory final : public image::PageSink {
 public:
  EncryptedMemory(FileMemory& memory, host::kvm::SimulatedFirmware* firmware,
                  std::vector<std::uint8_t> cpuid, const std::string& log)
      : memory_(memory),
        firmware_(firmware),
        cpuid_(std::move(cpuid)),
        log_(std::fopen(log.c_str(), "w"), &std::fclose) {
    memory_.fill(0, first_private_size, hosts_choice);
  }

  core::Result<void> put(image::PageKind kind, std::uint64_t address,
                         core::ByteView bytes) override {
    std::vector<std::uint8_t> filled;
    if (firmware_ != nullptr) filled = TRY(firmware_->update(kind, address, bytes));
    if (kind == image::PageKind::Vmsa) return {};  // the boot code's
    if (kind == image::PageKind::Secrets && firmware_ != nullptr) bytes = filled;
    if (log_) std::fprintf(log_.get(), "%lu %lu\n", address, bytes.size());
    constexpr std::uint64_t page = image::page_size;
    memory_.fill(address, (bytes.size() + page - 1) / page * page, 0);
    return memory_.put(image::PageKind::Normal, address,
                       kind == image::PageKind::Cpuid ? core::ByteView(cpuid_) : bytes);
  }

 private:
  FileMemory& memory_;
  host::kvm::SimulatedFirmware* firmware_;
  std::vector<std::uint8_t> cpuid_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> log_;
};

/// The emulator's memory is what it is.
class FixedMachine final : public host::Machine {
 public:
  explicit FixedMachine(std::optional<host::kvm::SimulatedFirmware> firmware)
      : firmware_(std::move(firmware)) {}

  /// Sends the keep's stream of pages to `memory`, and to the simulated processor if there is one.
  core::Result<image::Layout, host::HostError> lay_out(const image::Program& shim,
                                                       const image::Program& keep,
                                                       image::PageSink& memory) {
    const auto told =
        [](core::Result<image::Layout> layout) -> core::Result<image::Layout, host::HostError> {
      if (layout) return *layout;
      return host::HostError{layout.error().code, std::string(layout.error().message())};
    };
    if (!firmware_) return told(image::lay_out(shim, keep, {}, memory));
    host::kvm::MeasuredLoader measured(*firmware_, memory);
    firmware_->begin();
    auto layout = told(image::lay_out(shim, keep, {.attested = true}, measured));
    if (!layout && firmware_->refusal()) return *firmware_->refusal();
    if (!layout) return layout;
    const auto finished = firmware_->finish(sallyport::World::Ring0);
    if (!finished) return host::HostError{core::ErrorCode::Denied, finished.error().what};
    return layout;
  }
  /// As above, for an encrypted machine.
  core::Result<void> lay_out_encrypted(const image::Program& shim, const image::Program& keep,
                                       FileMemory& memory, std::vector<std::uint8_t> cpuid,
                                       const std::string& log) {
    private_ = &memory;
    if (firmware_) firmware_->begin();
    EncryptedMemory sink(memory, firmware_ ? &*firmware_ : nullptr, std::move(cpuid), log);
    TRY(image::lay_out(shim, keep, {.attested = true}, sink));
    if (firmware_) TRY(firmware_->finish(sallyport::World::Ring0));
    return {};
  }
  sallyport::Outcome attest(const sallyport::Request& request) override {
    return firmware_ ? firmware_->attest(request) : Machine::attest(request);
  }
  [[nodiscard]] std::optional<host::HostError> refusal() const {
    return firmware_ ? firmware_->refusal() : std::nullopt;
  }
  /// An encrypted machine has more, for the keep to take.
  std::optional<sallyport::MemoryRange> grow(std::uint64_t bytes) override {
    if (private_ == nullptr || bytes > private_size - next_base_) return std::nullopt;
    const sallyport::MemoryRange range{next_base_, bytes};
    private_->fill(range.base, range.size, hosts_choice);
    next_base_ += bytes;
    return range;
  }
  bool release(sallyport::MemoryRange /*range*/) override { return false; }
  bool set_timer(std::uint64_t /*first*/, std::uint64_t /*interval*/) override { return false; }

 private:
  std::optional<host::kvm::SimulatedFirmware> firmware_;
  FileMemory* private_ = nullptr;
  std::uint64_t next_base_ = image::grown_base;
};

/// What stands behind `name` on the command line, if it is there.
std::optional<std::string> value_of(int count, char** words, std::string_view name) {
  for (int i = 1; i + 1 < count; ++i) {
    if (words[i] == name) return words[i + 1];
  }
  return std::nullopt;
}

/// That the command line names.
core::Result<std::optional<host::kvm::SimulatedFirmware>, host::HostError> firmware_of(
    int count, char** words) {
  const auto simulator = value_of(count, words, "--simulator");
  if (!simulator) return std::optional<host::kvm::SimulatedFirmware>();
  std::optional<host::LaunchSignature> signature;
  if (const auto path = value_of(count, words, "--signatures")) {
    signature = TRY(host::read_launch_signature(*path));
  }
  auto firmware = TRY(host::kvm::SimulatedFirmware::start(*simulator, {}, std::move(signature)));
  const std::span all(words, static_cast<std::size_t>(count));
  if (std::ranges::find(all, std::string_view("--proves")) != all.end()) {
    firmware.expect_messages();
  }
  return std::optional(std::move(firmware));
}

int failed(std::string_view text) {
  static_cast<void>(
      os::write_all(os::BorrowedFd(2), core::as_bytes(concat("merlon: tcg: ", text, "\n"))));
  return failed_status;
}

/// Tells whoever launches why not.
int unfit(std::string text) {
  static_cast<void>(launch::send(os::BorrowedFd(launch::keep_descriptor),
                                 launch::Readiness{false, std::move(text)}));
  return failed_status;
}

/// Maps the boot code's page at its own address, for the moment when paging is switched on.
void map_stub(FileMemory& memory) {
  constexpr std::uint64_t address_mask = 0x0007'ffff'ffff'f000;
  std::uint64_t table = image::table_base;
  for (const unsigned shift : {39U, 30U, 21U}) {
    table = memory.word(table + (stub >> shift) % 512 * 8) & address_mask;
  }
  memory.word(table + (stub >> 12U) % 512 * 8) = stub | 1U;
}

/// What the boot code needs to come to an encrypted machine's tables, which lie above all addresses
/// of 32 bits: tables of its own with one page of 2 MiB.
void map_way_to_private_memory(FileMemory& memory) {
  constexpr std::uint64_t table = image::table_base;
  memory.word(table) = (table + 0x1000) | 3U;
  memory.word(table + 0x1000) = (table + 0x2000) | 3U;
  memory.word(table + 0x2000 + (stub >> 21U) * 8) = (stub & ~std::uint64_t{0x1f'ffff}) | 0x83U;
  memory.word(encrypted_flag) = 1;
}

/// The page of CPUID that makes the machine an encrypted one: the file "snp" beside the boot code.
std::optional<std::vector<std::uint8_t>> cpuid_beside(const std::string& folder) {
  const auto file = os::open_file(folder + "snp");
  if (!file) return std::nullopt;
  auto bytes = os::read_all(*file, image::page_size);
  return bytes ? std::optional(*std::move(bytes)) : std::nullopt;
}

/// The processor that is emulated: what the file "cpu" beside the boot code says, else all that
/// QEMU can. A program that is started by merlon has no environment.
std::string processor_beside(const std::string& kernel) {
  const auto file = os::open_file(kernel.substr(0, kernel.rfind('/') + 1) + "cpu");
  if (!file) return "max";
  const auto text = os::read_all(*file, 64);
  return text ? std::string(core::as_text(*text)) : "max";
}

/// Where a debugger may take hold of the machine before its first instruction: what the file "gdb"
/// beside the boot code says, else nowhere.
std::string debugger_beside(const std::string& kernel) {
  const auto file = os::open_file(kernel.substr(0, kernel.rfind('/') + 1) + "gdb");
  if (!file) return {};
  const auto text = os::read_all(*file, 256);
  return text ? concat("unix:", core::as_text(*text), ",server=on,wait=off") : std::string();
}

/// QEMU with our memory; its debug console's bytes come out of `bell`. `hidden`: the private memory
/// of an encrypted machine.
::pid_t start_qemu(const FileMemory& memory, const FileMemory* hidden, const std::string& kernel,
                   int bell) {
  const std::string private_object =
      concat("memory-backend-file,id=private,size=", private_size,
             ",mem-path=", hidden != nullptr ? hidden->path() : "", ",share=on");
  const std::string object = concat("memory-backend-file,id=ram,size=", memory_size,
                                    ",mem-path=", memory.path(), ",share=on");
  const std::string megabytes = concat(memory_size >> 20U);
  const std::string cpu = processor_beside(kernel);
  const std::string debugger = debugger_beside(kernel);
  const ::pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(bell, 1);
  // Or QEMU would read the keep's own, and have it not wait for anything.
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  std::vector<const char*> words{"qemu-system-x86_64",
                                 "-accel",
                                 "tcg,thread=single",
                                 "-cpu",
                                 cpu.c_str(),
                                 "-m",
                                 megabytes.c_str(),
                                 "-machine",
                                 "pc,memory-backend=ram,hpet=off",
                                 "-object",
                                 object.c_str(),
                                 "-nodefaults",
                                 "-display",
                                 "none",
                                 "-no-reboot",
                                 "-kernel",
                                 kernel.c_str(),
                                 "-chardev",
                                 "stdio,id=bell,signal=off",
                                 "-device",
                                 "isa-debugcon,iobase=0xe9,chardev=bell"};
  if (hidden != nullptr) {
    words.insert(words.end(), {"-object", private_object.c_str(), "-device",
                               "ivshmem-plain,memdev=private,addr=1e"});
  }
  if (!debugger.empty()) words.insert(words.end(), {"-S", "-gdb", debugger.c_str()});
  words.push_back(nullptr);
  ::execvp(words[0], const_cast<char* const*>(words.data()));
  ::_exit(failed_status);
}

/// Carries what stands in an encrypted machine's pages for messages.
void carry(FileMemory& memory, host::Machine& machine, char rung) {
  constexpr std::uint64_t page = image::page_size;
  const bool is_message = rung == message_bell;
  const auto pages = [&](std::uint64_t address, std::uint64_t size) {
    return sallyport::SharedBytes(sallyport::SharedMemory(memory.span(address, size)), 0, size);
  };
  const sallyport::Request request{
      .call = sallyport::Call::Attest,
      .reply = {},
      .sequence = 0,
      .arguments = {is_message ? std::uint64_t{1} : std::uint64_t{2}},
      .sent = pages(sallyport::request_page, page),
      .room = is_message ? pages(sallyport::response_page, page)
                         : pages(sallyport::certificate_pages, sallyport::certificate_size)};
  const sallyport::Outcome outcome = machine.attest(request);
  memory.word(message_state) =
      static_cast<std::uint64_t>(std::min<std::int64_t>(outcome.result, 1));
}

/// Serves the keep to its end.
std::optional<int> serve(FileMemory& memory, FixedMachine& machine, host::Calls& calls, int bell) {
  std::uint64_t sequence = 0;
  char rung = 0;
  while (::read(bell, &rung, 1) == 1) {
    if (rung == message_bell || rung == certificate_bell) {
      carry(memory, machine, rung);
      continue;
    }
    // A shim that was interrupted does not know whether it has rung, and does it again.
    if (!sallyport::has_request_after(memory.block(), sequence)) continue;
    const auto request = sallyport::take_request(memory.block(), sequence + 1);
    if (!request) return failed(request.error().message());
    ++sequence;
    const sallyport::Outcome outcome = calls.carry_out(*request);
    if (calls.ended()) return calls.ended();
    if (machine.refusal()) return failed(machine.refusal()->text);
    sallyport::answer(memory.block(), *request, outcome);
  }
  return std::nullopt;
}

bool give_descriptors(host::DescriptorTable& table) {
  for (int number = 0; number < 3; ++number) {
    auto copy = os::duplicate(os::BorrowedFd(number));
    if (!copy || !table.insert(*std::move(copy))) return false;
  }
  return table.insert(os::Fd::adopt(3)).has_value();
}

os::Result<os::FileMapping> map_program(const std::string& path) {
  const os::Fd file = TRY(os::open_file(path));
  return os::FileMapping::create(file, host::max_program_size);
}

}  // namespace

int main(int count, char** words) {
  os::end_with_parent();
  os::ignore_broken_pipes();
  const auto own = os::own_program();
  if (!own) return failed("cannot find this program");
  const std::string folder = own->substr(0, own->rfind('/') + 1);
  const auto shim_file = map_program(folder + "merlon-shim-kvm");
  const auto keep_file = map_program(folder + "merlon-keep");
  if (!shim_file || !keep_file) return failed("cannot read the programs beside this one");
  const auto shim = image::parse_elf(shim_file->bytes());
  const auto keep = image::parse_elf(keep_file->bytes());
  if (!shim || !keep) return failed("a program cannot be loaded");

  FileMemory memory(memory_size);
  const auto cpuid = cpuid_beside(folder);
  FileMemory hidden(cpuid ? private_size : image::page_size);
  if (!memory.usable() || !hidden.usable()) return failed("cannot make the machine's memory");
  auto firmware = firmware_of(count, words);
  if (!firmware) return unfit(firmware.error().text);
  FixedMachine machine(*std::move(firmware));
  if (cpuid) {
    const auto done = machine.lay_out_encrypted(*shim, *keep, hidden, *cpuid, folder + "stream");
    if (!done) return unfit(std::string(done.error().message()));
    map_stub(hidden);
    map_way_to_private_memory(memory);
    // For whoever looks whether anything is there that is nobody else's.
    std::ofstream(folder + "shared") << memory.path();
  } else {
    const auto layout = machine.lay_out(*shim, *keep, memory);
    if (!layout) return unfit(layout.error().text);
    map_stub(memory);
  }
  if (shim->entry != sallyport::shim_start) return failed("the shim lies elsewhere");

  if (!launch::send(os::BorrowedFd(launch::keep_descriptor), launch::Readiness{true, "ring0"})) {
    return failed("cannot tell the launcher");
  }
  host::Calls calls(machine);
  auto launch = launch::receive(os::BorrowedFd(launch::keep_descriptor));
  if (!launch) return failed(launch.error().message());
  auto letter = host::make_letter(*std::move(launch));
  if (!letter) return failed(letter.error().message());
  calls.post(*std::move(letter));
  if (!give_descriptors(calls.descriptors())) return failed("cannot give the keep its streams");
  std::array<int, 2> bell{};
  if (::pipe2(bell.data(), O_CLOEXEC) != 0) return failed("cannot make a pipe");
  const ::pid_t qemu = start_qemu(memory, cpuid ? &hidden : nullptr, folder + "tcg-boot", bell[1]);
  ::close(bell[1]);
  const auto ended = serve(memory, machine, calls, bell[0]);
  ::kill(qemu, SIGKILL);
  ::waitpid(qemu, nullptr, 0);
  return ended ? *ended : failed("the machine stopped without having asked to");
}
