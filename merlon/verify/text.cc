#include "merlon/verify/text.h"

#include <array>
#include <charconv>

namespace merlon::verify {

using base::concat;

std::string hex_number(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto* const end =
      std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return concat("0x",
                std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data())));
}

std::string in_policy(std::string_view table, std::string_view key, std::string_view value) {
  return concat("[", table, "]\n", key, " = [\"", value, "\"]");
}

std::string text_of(const snp::TcbComponents& tcb) {
  const std::string rest =
      concat("bootloader ", unsigned{tcb.bootloader}, ", TEE ", unsigned{tcb.tee}, ", SNP ",
             unsigned{tcb.snp}, ", microcode ", unsigned{tcb.microcode});
  return tcb.fmc != 0 ? concat("FMC ", unsigned{tcb.fmc}, ", ", rest) : rest;
}

std::string text_of(const snp::FirmwareVersion& version) {
  return concat(unsigned{version.major}, ".", unsigned{version.minor}, ".",
                unsigned{version.build});
}

std::string svns_text(std::span<const std::uint8_t> components) {
  std::string text;
  for (const std::uint8_t svn : components) text += concat(text.empty() ? "" : " ", unsigned{svn});
  return text;
}

}  // namespace merlon::verify
