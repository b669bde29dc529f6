#include "merlon/shim/snp/testing/machine.h"

#include <cstdio>
#include <cstdlib>

#include "merlon/shim/snp/machine.h"

namespace merlon::shim::snp {
namespace testing {
namespace {

Machine* current = nullptr;

constexpr std::uint64_t page_size = 4096;
constexpr std::size_t shared_words =
    (sallyport::certificate_pages + sallyport::certificate_size - sallyport::ghcb_page) / 8;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "test machine: %s\n", what);
  std::abort();
}

std::string hex(std::uint64_t number) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%lx", number);
  return text.data();
}

}  // namespace

Machine::Machine() : memory_(shared_words) {
  if (current != nullptr) fail("there is another one");
  current = this;
}
Machine::~Machine() { current = nullptr; }

std::array<std::uint64_t, 512>& Machine::page(std::uint64_t physical) {
  return *reinterpret_cast<std::array<std::uint64_t, 512>*>(
      &memory_.at((physical - sallyport::ghcb_page) / 8));
}

void Machine::set(std::size_t word, std::uint64_t value) {
  auto& words = page(sallyport::ghcb_page);
  words.at(word) = value;
  words.at(126 + word / 64) |= std::uint64_t{1} << (word % 64);
}
void Machine::unset(std::size_t word) {
  page(sallyport::ghcb_page).at(126 + word / 64) &= ~(std::uint64_t{1} << (word % 64));
}
bool Machine::is_valid(std::size_t word) {
  return (page(sallyport::ghcb_page).at(126 + word / 64) >> (word % 64) & 1U) != 0;
}

std::uint64_t Machine::read(std::uint32_t number) {
  if (number == status_register) return status;
  if (number != ghcb_register) fail("another register is read");
  return register_;
}

void Machine::write(std::uint32_t number, std::uint64_t value) {
  if (number != ghcb_register) fail("another register is written");
  register_ = value;
}

std::uint64_t Machine::answer_of(std::uint64_t request) {
  switch (request & 0xfff) {
    case 0x002: return std::uint64_t{2} << 48U | std::uint64_t{1} << 32U | 51U << 24U | 1U;
    case 0x080: return 0x081 | 3U << 12U;
    case 0x012: return (request & ~std::uint64_t{0xfff}) | 0x013;
    case 0x014:
      if (request >> 52U != 2) fail("a page is to be something else than shared");
      shared.insert(request & 0x000f'ffff'ffff'f000);
      return 0x015;
    default: fail("a request that no guest makes");
  }
}

void Machine::exit() {
  if ((register_ & 0xfff) != 0) {
    log.push_back("ask " + hex(register_ & 0xfff));
    const std::uint64_t answer = answer_of(register_);
    register_ = say ? say(register_, answer) : answer;
    return;
  }
  if (register_ != sallyport::ghcb_page) fail("an exit with another page");
  exits.push_back(page(sallyport::ghcb_page)[exit_code]);
  log.push_back("exit " + hex(exits.back()));
  if (serve) {
    serve(*this);
    return;
  }
  set(information1, 0);
  set(information2, 0);
}

std::uint64_t Machine::validate(std::uint64_t address, bool large, bool valid) {
  if (!valid) fail("a page is rescinded");
  if (address % (large ? page_size * 512 : page_size) != 0) fail("a page that is not aligned");
  log.push_back((large ? "take large " : "take ") + hex(address));
  return validation ? validation(address, large) : 0;
}

std::uint64_t Machine::adjust(std::uint64_t address, std::uint64_t attributes) {
  log.push_back("adjust " + hex(address) + " " + hex(attributes));
  return adjustment;
}

std::uint64_t* Machine::shared_page(std::uint64_t physical) {
  return &memory_.at((physical - sallyport::ghcb_page) / 8);
}

}  // namespace testing

extern "C" {
std::uint64_t snp_read_register(std::uint32_t number) noexcept {
  return testing::current->read(number);
}
void snp_write_register(std::uint32_t number, std::uint64_t value) noexcept {
  testing::current->write(number, value);
}
void snp_exit() noexcept { testing::current->exit(); }
std::uint64_t snp_validate(std::uint64_t address, std::uint32_t is_large,
                           std::uint32_t valid) noexcept {
  return testing::current->validate(address, is_large != 0, valid != 0);
}
std::uint64_t snp_adjust(std::uint64_t address, std::uint64_t attributes) noexcept {
  return testing::current->adjust(address, attributes);
}
void snp_touch(std::uint64_t address) noexcept {
  testing::current->log.push_back("touch " + testing::hex(address));
}
void snp_begin_states(std::uint64_t xcr0, std::uint64_t cr4) noexcept {
  testing::current->xcr0 = xcr0;
  testing::current->cr4 = cr4;
  testing::current->log.push_back("states");
}
void snp_set_fault_address(std::uint64_t address) noexcept {
  testing::current->fault_address = address;
}
std::uint64_t* snp_shared(std::uint64_t physical) noexcept {
  return testing::current->shared_page(physical);
}
}

}  // namespace merlon::shim::snp
