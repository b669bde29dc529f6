#pragma once

// For tests: a processor with SEV-SNP and a host that answers as it should, unless a test changes
// what it says. One at a time.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace merlon::shim::snp::testing {

class Machine {
 public:
  Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine();

  // What a test may change.
  std::uint64_t status = 7;
  std::function<std::uint64_t(std::uint64_t request, std::uint64_t answer)> say{};
  std::function<std::uint64_t(std::uint64_t address, bool large)> validation{};
  std::uint64_t adjustment = 0;
  /// Of an exit by the page; the words that a host sets by default are in the page already.
  std::function<void(Machine& machine)> serve{};

  // What was done.
  std::vector<std::string> log{};      ///< each operation, in order
  std::set<std::uint64_t> shared{};    ///< pages
  std::vector<std::uint64_t> exits{};  ///< their codes
  std::uint64_t xcr0 = 0, cr4 = 0;
  std::uint64_t fault_address = 0;

  /// A shared page's words.
  [[nodiscard]] std::array<std::uint64_t, 512>& page(std::uint64_t physical);
  /// Of the page for messages: sets a word and says so, or says that it did not.
  void set(std::size_t word, std::uint64_t value);
  void unset(std::size_t word);
  [[nodiscard]] bool is_valid(std::size_t word);

  // The machine's own.
  [[nodiscard]] std::uint64_t read(std::uint32_t number);
  void write(std::uint32_t number, std::uint64_t value);
  void exit();
  [[nodiscard]] std::uint64_t validate(std::uint64_t address, bool large, bool valid);
  [[nodiscard]] std::uint64_t adjust(std::uint64_t address, std::uint64_t attributes);
  [[nodiscard]] std::uint64_t* shared_page(std::uint64_t physical);

 private:
  [[nodiscard]] std::uint64_t answer_of(std::uint64_t request);

  std::uint64_t register_ = 0;
  std::vector<std::uint64_t> memory_;  // from the page for messages on
};

// Words of the page.
inline constexpr std::size_t register_a = 63;
inline constexpr std::size_t register_b = 99;
inline constexpr std::size_t exit_code = 114;
inline constexpr std::size_t information1 = 115;
inline constexpr std::size_t information2 = 116;

}  // namespace merlon::shim::snp::testing
