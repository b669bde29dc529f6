#include "merlon/shim/linux/testing/machine.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

#include "merlon/sallyport/host/request.h"
#include "merlon/shim/linux/abi.h"
#include "merlon/shim/linux/system_call.h"

namespace merlon::shim::linux {
namespace testing {
namespace {

Machine* current = nullptr;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "test machine: %s\n", what);
  std::abort();
}

void* pointer(std::uint64_t address) { return reinterpret_cast<void*>(address); }

core::ByteSpan new_block() {
  const std::size_t size = sallyport::data_offset + Machine::capacity;
  void* const data =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) fail("no memory for a block");
  return {static_cast<std::uint8_t*>(data), size};
}

/// The end of a keep is the end of a program, for death tests.
[[noreturn]] void end(const std::string& complaint, std::uint64_t status) {
  std::fprintf(stderr, "%s\n", complaint.c_str());
  std::_Exit(static_cast<int>(status));
}

}  // namespace

Machine::Machine() : block_(new_block()), port_(block(), {&Machine::ring, this}) {
  if (current != nullptr) fail("there is another one");
  current = this;
  for (std::uint64_t fd = 0; fd < 4; ++fd) port_.descriptors().add(fd);
}

Machine::~Machine() {
  current = nullptr;
  for (const std::uint64_t page : pages_) ::munmap(pointer(page), page_size);
  ::munmap(block_.data(), block_.size());
}

sallyport::Block Machine::block() { return sallyport::Block(block_); }

void Machine::ring(void* self, std::uint64_t sequence) noexcept {
  static_cast<Machine*>(self)->serve(sequence);
}

void Machine::serve(std::uint64_t sequence) {
  const auto request = sallyport::take_request(block(), sequence);
  if (!request) fail("the shim's request is malformed");
  std::vector<std::uint8_t> sent(request->sent.size());
  request->sent.copy_in(sent);
  Asked wanted{request->call, request->arguments, std::string(core::as_text(sent)),
               request->room.size()};
  if (wanted.call == sallyport::Call::Complain) complaint_ += wanted.sent;
  if (wanted.call == sallyport::Call::Exit) end(complaint_, wanted.arguments[0]);
  asked.push_back(wanted);
  Reply reply;
  if (host && wanted.call != sallyport::Call::Complain) {
    reply = host(wanted);
  } else if (request->reply == sallyport::Reply::Record ||
             request->reply == sallyport::Reply::Ready) {
    reply.bytes.assign(wanted.room, '\0');
  }
  if (reply.bytes.size() > wanted.room) fail("the test's host gives more than there is room for");
  request->room.copy_out(core::as_bytes(reply.bytes));
  sallyport::answer(block(), *request, {reply.result, reply.bytes.size()});
}

std::int64_t Machine::call(std::uint64_t number, std::initializer_list<std::uint64_t> arguments) {
  Registers registers{};
  constexpr std::array order{&Registers::rdi, &Registers::rsi, &Registers::rdx,
                             &Registers::r10, &Registers::r8,  &Registers::r9};
  std::size_t i = 0;
  for (const std::uint64_t argument : arguments) registers.*order.at(i++) = argument;
  registers.vector = number;
  shim_system_call(&registers);
  return static_cast<std::int64_t>(registers.rax);
}

std::uint64_t Machine::map(std::uint64_t size) {
  const std::int64_t address = keep_->memory.map(0, size, 3, abi::map_anonymous);
  if (address < 0) fail("no memory for the keep");
  return static_cast<std::uint64_t>(address);
}

void Machine::put(std::uint64_t address, std::string_view bytes) {
  std::memcpy(pointer(address), bytes.data(), bytes.size());
}

std::string Machine::get(std::uint64_t address, std::size_t size) const {
  return {static_cast<const char*>(pointer(address)), size};
}

std::optional<std::uint64_t> Machine::random_number() {
  if (random.empty()) return ++counter_ * 0x9e37'79b9'7f4a'7c15U;
  const auto number = random.front();
  random.pop_front();
  return number;
}

bool Machine::give_real(Range range, Access access) {
  for (std::uint64_t page = range.start; page < range.end; page += page_size) {
    if (!pages_.insert(page).second) continue;
    const void* const got =
        ::mmap(pointer(page), page_size, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    if (got != pointer(page)) fail("the keep's addresses are not free");
  }
  int rights = PROT_NONE;
  if (access != Access::None) rights |= PROT_READ;
  if (access == Access::ReadWrite) rights |= PROT_WRITE;
  return ::mprotect(pointer(range.start), range.size(), rights) == 0;
}

void Machine::take_real(Range range) {
  for (std::uint64_t page = range.start; page < range.end; page += page_size) {
    if (pages_.erase(page) != 0) ::munmap(pointer(page), page_size);
  }
}

bool has_room_for_a_keep() {
  for (const std::uint64_t address : {sallyport::mapping_start, sallyport::stack_end - page_size}) {
    void* const got = ::mmap(pointer(address), page_size, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED) return false;
    ::munmap(got, page_size);
    if (got != pointer(address)) return false;
  }
  return true;
}

}  // namespace testing

Keep& keep() noexcept { return testing::current->keep(); }
sallyport::Port& port() noexcept { return testing::current->port(); }

bool reach_pages(std::uint64_t /*address*/, std::uint64_t /*size*/) noexcept { return true; }

bool give_pages(Range range, Access access) noexcept {
  auto& machine = *testing::current;
  return machine.give ? machine.give(range, access) : machine.give_real(range, access);
}

void take_pages(Range range) noexcept {
  auto& machine = *testing::current;
  machine.take ? machine.take(range) : machine.take_real(range);
}

std::optional<std::uint64_t> random_number() noexcept { return testing::current->random_number(); }

std::optional<abi::SystemResult> ask_processor(std::uint64_t kind, core::ByteView sent,
                                               core::ByteSpan room) noexcept {
  const auto& processor = testing::current->processor;
  if (!processor) return std::nullopt;
  return processor(kind, sent, room);
}

void set_thread_pointer(std::uint64_t address) noexcept {
  testing::current->thread_pointer = address;
}

}  // namespace merlon::shim::linux
