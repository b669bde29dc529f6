// Any answers of the host of a machine of SEV-SNP, by the register and by the page: each is refused
// by name unless it is what was asked, and no exit holds more than it needs.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "merlon/sallyport/boot.h"
#include "merlon/shim/snp/exits.h"
#include "merlon/shim/snp/machine.h"
#include "merlon/shim/snp/memory.h"
#include "merlon/shim/snp/protocol.h"
#include "merlon/shim/snp/testing/machine.h"

namespace {

using namespace merlon::shim::snp;
using testing::Machine;

/// What the host says next, until there is no more of it.
class Script {
 public:
  Script(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size) {}
  std::uint64_t next(std::uint64_t otherwise) {
    if (size_ < 9) return otherwise;
    std::uint64_t word = 0;
    std::memcpy(&word, bytes_ + 1, sizeof word);
    const std::uint8_t how = bytes_[0];
    bytes_ += 9;
    size_ -= 9;
    if (how < 64) return otherwise;  // the truth
    if (how < 128) return otherwise ^ std::uint64_t{1} << (how % 64);
    return word;
  }

 private:
  const std::uint8_t* bytes_;
  std::size_t size_;
};

void check(bool good) {
  if (!good) std::abort();
}

/// Of the words that an exit sends.
void check_page(Machine& machine) {
  const auto& words = machine.page(merlon::sallyport::ghcb_page);
  for (std::size_t word = 0; word < words.size(); ++word) {
    const bool bitmap = word == 126 || word == 127;
    const bool version = word == 511 && words[word] == 2U << 16U;
    if (words[word] == 0 || bitmap || version) continue;
    check(word < 126 && machine.is_valid(word));
  }
}

void speak_by_register(Machine& machine, std::uint64_t& said) {
  constexpr std::uint64_t page = 0x90'0000;
  if (!check_versions()) {
    check((said & 0xfff) == 1 && (said >> 24U & 0xff) == 51 && said >> 48U >= 2 &&
          (said >> 32U & 0xffff) <= 2);
  }
  if (!check_features()) check((said & 0x1fff) == 0x1081);
  if (!share_page(page)) check(said == 0x015);
  if (!register_ghcb(page)) check(said == (page | 0x013));
  if (!check_status()) check((machine.status & ~std::uint64_t{0x2'0080}) == 7);
}

void speak_by_page(Machine& machine, Script& script) {
  bool honest = false;
  std::uint64_t second = 0;
  machine.serve = [&](Machine& one) {
    check_page(one);
    const std::uint64_t first = script.next(0);
    second = script.next(0);
    const std::uint64_t pages = script.next(17);
    const std::uint64_t left_out = script.next(0);
    one.set(testing::information1, first);
    one.set(testing::information2, second);
    one.set(testing::register_b, pages);
    if ((left_out & 1U) != 0) one.unset(testing::information1);
    if ((left_out & 2U) != 0) one.unset(testing::information2);
    honest = (left_out & 3U) == 0 && (first & 0xffff'ffff) == 0;
  };
  check(!ring_port(0xe9) == honest);
  Carried carried = Carried::Refused;
  for (const std::uint64_t room : {16U, 0U}) {
    check(!carry_message(room, carried) == honest);
    if (!honest) continue;
    check((carried == Carried::Done) == (second == 0));
    if (carried == Carried::Busy) check(second >> 32U == 2);
    if (carried == Carried::TooSmall) check(room != 0 && second >> 32U == 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  Script script(bytes, size);
  Machine machine;
  machine.status = script.next(7);
  std::uint64_t said = 0;
  machine.say = [&](std::uint64_t, std::uint64_t answer) { return said = script.next(answer); };
  speak_by_register(machine, said);
  speak_by_page(machine, script);
  machine.adjustment = script.next(0);
  check(!check_level(0x1000) == (machine.adjustment == 0));
  bool all_good = true;
  machine.validation = [&](std::uint64_t, bool large) {
    const std::uint64_t answer = script.next(0);
    const bool mismatch = large && (answer & ~unchanged) == size_mismatch;
    all_good = all_good && (answer == 0 || mismatch);
    return answer;
  };
  TakenMemory taken;
  constexpr std::uint64_t base = std::uint64_t{2} << 20U;
  constexpr std::uint64_t size_taken = base + 4096;  // a large page, and a small one
  check(!take_memory(taken, base, size_taken, base) == all_good);
  return 0;
}
