#include "merlon/shim/snp/exits.h"

#include <array>

#include "merlon/shim/snp/machine.h"
#include "merlon/shim/snp/shared.h"

namespace merlon::shim::snp {

using sallyport::word_size;

namespace {

// Words of the page [GHCB 2.03 table 3], by their number; bit n of the valid bitmap is word n.
constexpr std::size_t register_a = 0x1f8 / 8;
constexpr std::size_t register_b = 0x318 / 8;
constexpr std::size_t exit_code = 0x390 / 8;
constexpr std::size_t information1 = 0x398 / 8;
constexpr std::size_t information2 = 0x3a0 / 8;
constexpr std::size_t valid_words = 0x3f0 / 8;
constexpr std::size_t last_word = 511;  // reserved; version (16 bits); usage (32), 0
constexpr std::size_t page_words = 512;
constexpr std::uint64_t version = std::uint64_t{2} << 16U;

constexpr std::uint64_t port_exit = 0x7b;
constexpr std::uint64_t port_out_byte = std::uint64_t{1} << 4U | std::uint64_t{1} << 9U;
constexpr std::uint64_t message_exit = 0x8000'0011;
constexpr std::uint64_t extended_message_exit = 0x8000'0012;

// The upper half of what comes back from a message [GHCB 2.03 §4.1.8].
constexpr std::uint64_t host_is_busy = 2;
constexpr std::uint64_t room_is_small = 1;

/// The page while one exit is made.
class Page {
 public:
  Page() noexcept : page_(shared_pages(sallyport::ghcb_page, page_words * word_size)) {
    for (std::size_t i = 0; i < page_words; ++i) store(i, 0);
    store(last_word, version);
  }
  void put(std::size_t word, std::uint64_t value) noexcept {
    store(word, value);
    valid_[word / 64] |= std::uint64_t{1} << (word % 64);
  }
  void send() noexcept {
    store(valid_words, valid_[0]);
    store(valid_words + 1, valid_[1]);
    // The protocol of the register uses it too.
    snp_write_register(ghcb_register, sallyport::ghcb_page);
    snp_exit();
    valid_[0] = load(valid_words);
    valid_[1] = load(valid_words + 1);
  }
  /// Of the answer, once for each word.
  [[nodiscard]] std::optional<std::uint64_t> take(std::size_t word) const noexcept {
    if ((valid_[word / 64] >> (word % 64) & 1U) == 0) return std::nullopt;
    return load(word);
  }

 private:
  void store(std::size_t word, std::uint64_t value) noexcept {
    page_.store_word(word * word_size, value);
  }
  [[nodiscard]] std::uint64_t load(std::size_t word) const noexcept {
    // ANY: a bitmap says of each word whether it counts, and the exit that asked judges it.
    return page_.load_word(word * word_size).any_value_is_right();
  }

  sallyport::SharedMemory page_;
  std::array<std::uint64_t, 2> valid_{};
};

}  // namespace

Trouble make_exit(const ExitRequest& request, ExitAnswer& answer) noexcept {
  Page page;
  page.put(exit_code, request.code);
  page.put(information1, request.information1);
  page.put(information2, request.information2);
  if (request.register_a) page.put(register_a, *request.register_a);
  if (request.register_b) page.put(register_b, *request.register_b);
  page.send();
  const auto first = page.take(information1);
  const auto second = page.take(information2);
  // Its lower half says what is to be done: nothing, but for errors and exceptions to be raised.
  if (!first || !second || (*first & 0xffff'ffff) != 0) return Reason::Failed;
  answer = {*second, page.take(register_b)};
  return {};
}

Trouble ring_port(std::uint16_t port) noexcept {
  ExitAnswer answer;
  return make_exit({.code = port_exit,
                    .information1 = std::uint64_t{port} << 16U | port_out_byte,
                    .information2 = 0,
                    .register_a = 0,
                    .register_b = std::nullopt},
                   answer);
}

Trouble carry_message(std::uint64_t certificate_room, Carried& carried) noexcept {
  ExitRequest request{.code = message_exit,
                      .information1 = sallyport::request_page,
                      .information2 = sallyport::response_page,
                      .register_a = std::nullopt,
                      .register_b = std::nullopt};
  if (certificate_room != 0) {
    request.code = extended_message_exit;
    request.register_a = sallyport::certificate_pages;
    request.register_b = certificate_room;
  }
  ExitAnswer answer;
  if (const Trouble trouble = make_exit(request, answer)) return trouble;
  const std::uint64_t by_host = answer.information >> 32U;
  const bool small = by_host == room_is_small && answer.register_b &&
                     *answer.register_b > certificate_room && certificate_room != 0;
  if (answer.information == 0) carried = Carried::Done;
  else if (by_host == host_is_busy) carried = Carried::Busy;
  else carried = small ? Carried::TooSmall : Carried::Refused;
  return {};
}

}  // namespace merlon::shim::snp
