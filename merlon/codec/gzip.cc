#include "merlon/codec/gzip.h"

#include <algorithm>
#include <array>
#include <span>

#include "merlon/core/reader.h"

namespace merlon::codec {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t longest_code = 15;
constexpr std::size_t literals = 288;
constexpr std::size_t distances = 32;
constexpr std::size_t most_lengths = 320;  // of both, as a block may name them
constexpr std::uint16_t end_of_block = 256;

/// Bits of a stream, the least significant of each byte first.
class Bits {
 public:
  explicit Bits(core::ByteView bytes) noexcept : bytes_(bytes) {}

  [[nodiscard]] core::Error malformed(const char* what) const noexcept {
    return core::error(ErrorCode::Malformed, what, at_);
  }
  Result<std::uint32_t> take(unsigned count) noexcept {
    while (held_ < count) {
      if (at_ == bytes_.size()) return malformed("compressed data that ends early");
      bits_ |= static_cast<std::uint64_t>(bytes_[at_++]) << held_;
      held_ += 8;
    }
    const auto value = static_cast<std::uint32_t>(bits_ & ((std::uint64_t{1} << count) - 1));
    bits_ >>= count;
    held_ -= count;
    return value;
  }
  /// As many as there are, up to the longest code, without taking them.
  [[nodiscard]] std::uint32_t peek() noexcept {
    while (held_ < longest_code && at_ < bytes_.size()) {
      bits_ |= static_cast<std::uint64_t>(bytes_[at_++]) << held_;
      held_ += 8;
    }
    return static_cast<std::uint32_t>(bits_ & ((1U << longest_code) - 1));
  }
  [[nodiscard]] bool drop(unsigned count) noexcept {
    if (count > held_) return false;
    bits_ >>= count;
    held_ -= count;
    return true;
  }
  /// Gives back whole bytes that were looked at.
  void align() noexcept {
    at_ -= held_ / 8;
    held_ = 0;
    bits_ = 0;
  }
  [[nodiscard]] std::size_t offset() const noexcept { return at_; }
  void move_to(std::size_t offset) noexcept { at_ = offset; }
  [[nodiscard]] core::ByteView rest() const noexcept { return bytes_.subspan(at_); }

 private:
  core::ByteView bytes_;
  std::size_t at_ = 0;
  std::uint64_t bits_ = 0;
  unsigned held_ = 0;
};

/// A code of Huffman's, as a table over the bits that come next.
class Code {
 public:
  /// Refuses lengths that no code has; one that is not complete may have a single symbol only.
  [[nodiscard]] bool build(std::span<const std::uint8_t> lengths) {
    std::array<std::uint16_t, longest_code + 1> count{};
    for (const std::uint8_t each : lengths) ++count[each];
    count[0] = 0;
    std::array<std::uint16_t, longest_code + 2> next{};
    std::uint32_t left = 1;
    std::size_t symbols = 0;
    for (std::size_t length = 1; length <= longest_code; ++length) {
      left = left * 2;
      if (count[length] > left) return false;
      left -= count[length];
      symbols += count[length];
      next[length + 1] = static_cast<std::uint16_t>((next[length] + count[length]) * 2U);
    }
    if (left != 0 && symbols > 1) return false;
    std::size_t longest = longest_code;
    while (longest > 1 && count[longest] == 0) --longest;
    mask_ = (1U << longest) - 1;
    std::fill_n(table_.begin(), mask_ + 1, std::uint16_t{0});
    for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
      const std::uint8_t length = lengths[symbol];
      if (length == 0) continue;
      const std::uint32_t first = reversed(next[length]++, length);
      const auto entry = static_cast<std::uint16_t>((symbol << 4U) | length);
      for (std::uint32_t at = first; at <= mask_; at += 1U << length) table_[at] = entry;
    }
    return true;
  }

  Result<std::uint16_t> read(Bits& bits) const {
    const std::uint16_t entry = table_[bits.peek() & mask_];
    const unsigned length = entry & 15U;
    if (length == 0 || !bits.drop(length)) return bits.malformed("a code that is none");
    return static_cast<std::uint16_t>(entry >> 4U);
  }

 private:
  static std::uint32_t reversed(std::uint32_t code, unsigned length) noexcept {
    std::uint32_t result = 0;
    for (unsigned i = 0; i < length; ++i) result |= ((code >> i) & 1U) << (length - 1 - i);
    return result;
  }
  std::array<std::uint16_t, std::size_t{1} << longest_code> table_{};
  std::uint32_t mask_ = 1;  ///< of the bits that the longest code in use has
};

/// What a symbol stands for: a number to which bits that follow are added.
struct Step {
  std::uint16_t base;
  std::uint8_t extra;
};
/// [RFC1951 §3.2.5].
constexpr std::array<Step, 29> length_steps{
    {{3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1}, {13, 1},
     {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3}, {59, 3},
     {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}}};
constexpr std::array<Step, 30> distance_steps{
    {{1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},
     {9, 2},     {13, 2},    {17, 3},    {25, 3},     {33, 4},     {49, 4},
     {65, 5},    {97, 5},    {129, 6},   {193, 6},    {257, 7},    {385, 7},
     {513, 8},   {769, 8},   {1025, 9},  {1537, 9},   {2049, 10},  {3073, 10},
     {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13}}};

/// Of the symbols 16, 17 and 18 among the lengths of codes [RFC1951 §3.2.7].
constexpr std::array<Step, 3> repetitions{{{3, 2}, {3, 3}, {11, 7}}};

class Inflating {
 public:
  Inflating(Bits& bits, std::vector<std::uint8_t>& out, std::size_t most) noexcept
      : bits_(bits), out_(out), most_(most), begin_(out.size()) {}

  Result<void> run() {
    for (bool last = false; !last;) {
      last = TRY(bits_.take(1)) == 1;
      const std::uint32_t kind = TRY(bits_.take(2));
      if (kind == 0) {
        TRY(stored());
      } else if (kind == 3) {
        return bits_.malformed("a block of no known kind");
      } else {
        TRY(kind == 1 ? fixed_codes() : own_codes());
        TRY(block());
      }
    }
    bits_.align();
    return {};
  }

 private:
  [[nodiscard]] Result<void> admit(std::size_t more) const {
    if (more <= most_ - out_.size()) return {};
    return core::error(ErrorCode::Exhausted, "more than is taken", most_);
  }
  Result<void> stored() {
    bits_.align();
    core::Reader reader(bits_.rest());
    const std::uint16_t size = TRY(reader.u16());
    const std::uint16_t check = TRY(reader.u16());
    if ((size ^ check) != 0xFFFF) return bits_.malformed("a block with two sizes");
    TRY(admit(size));
    const core::ByteView part = TRY(reader.bytes(size));
    out_.insert(out_.end(), part.begin(), part.end());
    bits_.move_to(bits_.offset() + reader.offset());
    return {};
  }
  Result<void> fixed_codes() {
    std::array<std::uint8_t, literals> lengths{};
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      lengths[i] = 8;
      if (i >= 144 && i < 256) lengths[i] = 9;
      if (i >= 256 && i < 280) lengths[i] = 7;
    }
    std::array<std::uint8_t, distances> others{};
    others.fill(5);
    if (literals_.build(lengths) && distances_.build(others)) return {};
    return bits_.malformed("codes that are none");
  }
  Result<void> own_codes() {
    const std::size_t literal_count = TRY(bits_.take(5)) + 257;
    const std::size_t distance_count = TRY(bits_.take(5)) + 1;
    const std::size_t meta_count = TRY(bits_.take(4)) + 4;
    if (literal_count > 286 || distance_count > 30) return bits_.malformed("too many codes");
    constexpr std::array<std::uint8_t, 19> order{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                 11, 4,  12, 3, 13, 2, 14, 1, 15};
    std::array<std::uint8_t, 19> meta{};
    for (std::size_t i = 0; i < meta_count; ++i) {
      meta[order[i]] = static_cast<std::uint8_t>(TRY(bits_.take(3)));
    }
    if (!literals_.build(meta)) return bits_.malformed("codes that are none");
    std::array<std::uint8_t, most_lengths> lengths{};
    const std::span all = std::span(lengths).first(literal_count + distance_count);
    TRY(read_lengths(all));
    if (lengths[end_of_block] == 0) return bits_.malformed("a block that could not end");
    if (!literals_.build(all.first(literal_count)) ||
        !distances_.build(all.subspan(literal_count))) {
      return bits_.malformed("codes that are none");
    }
    return {};
  }
  Result<void> read_lengths(std::span<std::uint8_t> all) {
    constexpr std::uint16_t repeat = 16;
    std::size_t done = 0;
    while (done < all.size()) {
      const std::uint16_t symbol = TRY(literals_.read(bits_));
      if (symbol < repeat) {
        all[done++] = static_cast<std::uint8_t>(symbol);
        continue;
      }
      if (symbol == repeat && done == 0) return bits_.malformed("a repetition of nothing");
      const std::uint8_t value = symbol == repeat ? all[done - 1] : 0;
      const Step& step = repetitions[symbol - repeat];
      const std::size_t count = step.base + TRY(bits_.take(step.extra));
      if (count > all.size() - done) return bits_.malformed("too many lengths of codes");
      std::fill_n(all.begin() + static_cast<std::ptrdiff_t>(done), count, value);
      done += count;
    }
    return {};
  }
  Result<void> block() {
    for (;;) {
      const std::uint16_t symbol = TRY(literals_.read(bits_));
      if (symbol < end_of_block) {
        TRY(admit(1));
        out_.push_back(static_cast<std::uint8_t>(symbol));
        continue;
      }
      if (symbol == end_of_block) return {};
      TRY(copy(symbol - end_of_block - 1U));
    }
  }
  Result<void> copy(std::size_t step) {
    if (step >= length_steps.size()) return bits_.malformed("a length that is none");
    const std::size_t length = length_steps[step].base + TRY(bits_.take(length_steps[step].extra));
    const std::uint16_t symbol = TRY(distances_.read(bits_));
    if (symbol >= distance_steps.size()) return bits_.malformed("a distance that is none");
    const std::size_t distance =
        distance_steps[symbol].base + TRY(bits_.take(distance_steps[symbol].extra));
    if (distance > out_.size() - begin_) return bits_.malformed("a copy of what is not there");
    TRY(admit(length));
    // What is copied may itself be of this copy.
    for (std::size_t i = 0; i < length; ++i) out_.push_back(out_[out_.size() - distance]);
    return {};
  }

  Bits& bits_;
  std::vector<std::uint8_t>& out_;
  std::size_t most_;
  std::size_t begin_;
  Code literals_;
  Code distances_;
};

std::uint32_t crc32(core::ByteView bytes) noexcept {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < made.size(); ++i) {
      std::uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1U) ^ ((value & 1U) * 0xEDB88320U);
      made[i] = value;
    }
    return made;
  }();
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) crc = (crc >> 8U) ^ table[(crc ^ byte) & 0xFFU];
  return ~crc;
}

/// Up to what is compressed [RFC1952 §2.3].
Result<void> skip_header(core::Reader& reader) {
  constexpr std::uint8_t text = 1;
  constexpr std::uint8_t check = 2;
  constexpr std::uint8_t extra = 4;
  constexpr std::uint8_t name = 8;
  constexpr std::uint8_t comment = 16;
  const core::ByteView begin = TRY(reader.bytes(3));
  if (begin[0] != 0x1F || begin[1] != 0x8B || begin[2] != 8) {
    return core::error(ErrorCode::Malformed, "no gzip", reader.offset());
  }
  const std::uint8_t flags = TRY(reader.u8());
  TRY(reader.skip(6));
  if ((flags & ~(text | check | extra | name | comment)) != 0) {
    return core::error(ErrorCode::Malformed, "a gzip with flags that are not known");
  }
  if ((flags & extra) != 0) {
    const std::uint16_t size = TRY(reader.u16());
    TRY(reader.skip(size));
  }
  for (const std::uint8_t each : {name, comment}) {
    if ((flags & each) == 0) continue;
    while (TRY(reader.u8()) != 0) {
    }
  }
  if ((flags & check) != 0) TRY(reader.skip(2));
  return {};
}

}  // namespace

Result<std::vector<std::uint8_t>> gunzip(core::ByteView bytes, std::size_t most) {
  std::vector<std::uint8_t> out;
  while (!bytes.empty()) {
    core::Reader reader(bytes);
    TRY(skip_header(reader));
    const std::size_t begin = out.size();
    Bits bits(bytes.subspan(reader.offset()));
    TRY(Inflating(bits, out, most).run());
    core::Reader end(bits.rest());
    const std::uint32_t crc = TRY(end.u32());
    const std::uint32_t size = TRY(end.u32());
    const core::ByteView member = core::ByteView(out).subspan(begin);
    if (crc != crc32(member) || size != static_cast<std::uint32_t>(member.size())) {
      return core::error(ErrorCode::Malformed, "a gzip that is not what it says it is");
    }
    bytes = bits.rest().subspan(end.offset());
  }
  return out;
}

}  // namespace merlon::codec
