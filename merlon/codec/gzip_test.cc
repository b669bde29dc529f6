#include "merlon/codec/gzip.h"

#include <string>

#include <gtest/gtest.h>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::codec {
namespace {

// Made by Python's gzip, which is zlib.
const std::string hello = "1f8b08000000000002ffcb48cdc9c957c840905c003b7c8adf12000000";
const std::string nothing = "1f8b08000000000002ff03000000000000000000";
const std::string stored = "1f8b08080000000000ff7800010300fcff616263c241243503000000";
/// 454 bytes by codes of its own.
const std::string squares =
    "1f8b08000000000002ff1590d90dc030084317f247b861ffc5fa2ab542098eaf2753ea642d2f452b4f9d5a93bd277366"
    "265b1007048c17734fe1099ed7e032999b2a3fd5b41a5c3387f370bfec0fdcfdf89199cbe6e4b90a83ea5cd9a342aa3d"
    "342f7936da715d41818b76947158bfda0f4585399c97fb637f297f406c95112a568df139842d84b6ed2f3830ac8a8c43"
    "ecad90151fb1ee5811e35825c44c6cb9bb02bb15ab06b268c1ed10c5363ad80834d0367e2770360520b2f8c8900701fd"
    "b7809e191eb82208b3837a82d2a963304eb3f3c802b9411cb45847154e98c5615132ed10191ea785dcd00734f0aaacc6"
    "010000";

core::Result<std::vector<std::uint8_t>> unpacked(const std::string& hex, std::size_t most = 1000) {
  return gunzip(decode_hex(hex).value(), most);
}
std::string text(const std::string& hex) {
  const auto whole = unpacked(hex);
  return whole ? std::string(core::as_text(*whole)) : std::string("refused");
}

TEST(Gunzip, GivesWhatWasCompressed) {
  EXPECT_EQ(text(hello), "hello hello hello\n");
  EXPECT_EQ(text(nothing), "");
  EXPECT_EQ(text(stored), "abc");
  std::string expected;
  for (int i = 0; i < 120; ++i) expected += base::concat(i * i % 977, ",");
  EXPECT_EQ(text(squares), expected);
}

/// Members of one block of the fixed codes [RFC1951 §3.2.6], written from the rules by which the
/// lengths and distances behind the codes grow, not from their tables.
class FixedBlock {
 public:
  FixedBlock() { put(1 | 1 << 1, 3); }
  void literal(std::uint8_t byte) {
    if (byte < 144) {
      code(0x30U + byte, 8);
    } else {
      code(0x190U + byte - 144, 9);
    }
    content_.push_back(byte);
  }
  void copy(unsigned length, unsigned distance) {
    symbol_of_length(length);
    symbol_of_distance(distance);
    for (unsigned i = 0; i < length; ++i) content_.push_back(content_[content_.size() - distance]);
  }
  std::vector<std::uint8_t> end() {
    code(0, 7);
    if (used_ > 0) put(0, 8 - used_);
    std::vector<std::uint8_t> whole{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    whole.insert(whole.end(), bytes_.begin(), bytes_.end());
    for (const std::uint32_t number :
         {crc_of(content_), static_cast<std::uint32_t>(content_.size())}) {
      for (unsigned shift = 0; shift < 32; shift += 8) {
        whole.push_back(static_cast<std::uint8_t>(number >> shift));
      }
    }
    return whole;
  }
  [[nodiscard]] const std::vector<std::uint8_t>& content() const { return content_; }

 private:
  static std::uint32_t crc_of(const std::vector<std::uint8_t>& bytes) {
    std::uint32_t crc = ~0U;
    for (const std::uint8_t byte : bytes) {
      crc ^= byte;
      for (int i = 0; i < 8; ++i) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB8'8320U : 0U);
    }
    return ~crc;
  }
  void symbol_of_length(unsigned length) {
    unsigned symbol = 285;
    unsigned extra = 0;
    unsigned first = 258;
    if (length != first) {
      first = 3;
      for (symbol = 257;; ++symbol) {
        extra = symbol < 265 ? 0 : (symbol - 261) / 4;
        if (length < first + (1U << extra)) break;
        first += 1U << extra;
      }
    }
    if (symbol < 280) {
      code(symbol - 256, 7);
    } else {
      code(0xC0 + symbol - 280, 8);
    }
    put(length - first, extra);
  }
  void symbol_of_distance(unsigned distance) {
    unsigned first = 1;
    for (unsigned symbol = 0;; ++symbol) {
      const unsigned extra = symbol < 4 ? 0 : (symbol - 2) / 2;
      if (distance < first + (1U << extra)) {
        code(symbol, 5);
        put(distance - first, extra);
        return;
      }
      first += 1U << extra;
    }
  }
  /// Codes have their highest bit first, numbers their lowest.
  void code(unsigned value, unsigned size) {
    for (unsigned i = size; i-- > 0;) put(value >> i & 1U, 1);
  }
  void put(unsigned value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      if (used_ == 0) bytes_.push_back(0);
      bytes_.back() |= static_cast<std::uint8_t>((value >> i & 1U) << used_);
      used_ = (used_ + 1) % 8;
    }
  }

  std::vector<std::uint8_t> bytes_;
  std::vector<std::uint8_t> content_;
  unsigned used_ = 0;  ///< bits of the last byte
};

TEST(Gunzip, TakesEachLengthAndDistance) {
  FixedBlock block;
  std::uint32_t number = 1;
  for (int i = 0; i < 40'000; ++i) {
    number = number * 1'103'515'245U + 12'345U;
    block.literal(static_cast<std::uint8_t>(number >> 16U));
  }
  for (unsigned length = 3; length <= 258; ++length) block.copy(length, 32'768 - length);
  for (unsigned first = 1; first <= 16'384; first *= 2) {
    for (const unsigned distance : {first, first + 1, first + first / 2, first + first / 2 + 1}) {
      block.copy(3, distance);
    }
  }
  block.copy(3, 32'768);
  const auto whole = gunzip(block.end(), std::size_t{1} << 20U);
  ASSERT_TRUE(whole.has_value());
  EXPECT_TRUE(*whole == block.content());
}

TEST(Gunzip, TakesMembersOneAfterTheOther) {
  EXPECT_EQ(text(stored + nothing + hello), "abchello hello hello\n");
  EXPECT_EQ(text(stored + "00"), "refused");
}

TEST(Gunzip, RefusesWhatIsNotWhole) {
  for (const std::string& each : {hello, stored, squares}) {
    for (std::size_t size = 2; size < each.size(); size += 2) {
      EXPECT_FALSE(unpacked(each.substr(0, size))) << size;
    }
  }
  // The CRC, the size, the second size of a stored block.
  for (const std::size_t at : {hello.size() - 16, hello.size() - 8}) {
    std::string other = hello;
    other[at] = other[at] == '0' ? '1' : '0';
    EXPECT_FALSE(unpacked(other)) << at;
  }
}

TEST(Gunzip, GivesNoMoreThanWasAskedFor) {
  EXPECT_TRUE(unpacked(hello, 18));
  const auto more = unpacked(hello, 17);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, core::ErrorCode::Exhausted);
  EXPECT_FALSE(unpacked(stored + stored, 5));
}

TEST(Gunzip, RefusesCodesThatAreNone) {
  const std::string head = "1f8b08000000000000ff";
  // A block of kind 3; more than 286 codes of literals; a copy of what is not there.
  for (const std::string_view body : {"07", "fdff", "4b040000", "630200"}) {
    EXPECT_FALSE(unpacked(base::concat(head, body, "0000000000000000"))) << body;
  }
}

}  // namespace
}  // namespace merlon::codec
