#include "merlon/wasm/baseline/vector_shuffle.h"

#include <algorithm>
#include <optional>

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;
using Part = ShuffleStep::Part;

/// Four lanes of 32 bits, or eight of 16, where the bytes move in such groups.
template <std::size_t Count>
using Groups = std::array<std::uint8_t, Count>;
using Dwords = Groups<4>;
using Words = Groups<8>;

template <std::size_t Count>
std::optional<Groups<Count>> groups_of(const ShuffleLanes& lanes) noexcept {
  constexpr std::size_t size = 16 / Count;
  Groups<Count> result{};
  for (std::size_t i = 0; i < Count; ++i) {
    const std::uint8_t first = lanes[i * size];
    if (first % size != 0) return std::nullopt;
    for (std::size_t j = 1; j < size; ++j) {
      if (lanes[i * size + j] != first + j) return std::nullopt;
    }
    result[i] = static_cast<std::uint8_t>(first / size);
  }
  return result;
}

/// The immediate of pshufd and its kin.
std::int16_t pack(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) noexcept {
  return static_cast<std::int16_t>((a & 3U) | (b & 3U) << 2U | (c & 3U) << 4U | (d & 3U) << 6U);
}

ShufflePlan one(ShuffleStep step) noexcept {
  ShufflePlan plan;
  plan.steps[0] = step;
  plan.count = 1;
  return plan;
}

ShufflePlan two(ShuffleStep first, ShuffleStep second) noexcept {
  ShufflePlan plan = one(first);
  plan.steps[1] = second;
  plan.count = 2;
  return plan;
}

/// The lanes that punpckl or punpckh of `size` bytes gives.
ShuffleLanes unpacked(std::size_t size, bool high, std::uint8_t from, std::uint8_t other) noexcept {
  ShuffleLanes lanes{};
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t group = i / size / 2;
    const std::size_t within = group * size + i % size + (high ? 8 : 0);
    const std::uint8_t source = i / size % 2 == 0 ? from : other;
    lanes[i] = static_cast<std::uint8_t>(within + source);
  }
  return lanes;
}

struct Unpack {
  x86::Inst::Id id;
  std::size_t size;
  bool high;
};

constexpr std::array<Unpack, 8> unpacks = {{
    {I::kIdVpunpcklbw, 1, false},
    {I::kIdVpunpckhbw, 1, true},
    {I::kIdVpunpcklwd, 2, false},
    {I::kIdVpunpckhwd, 2, true},
    {I::kIdVpunpckldq, 4, false},
    {I::kIdVpunpckhdq, 4, true},
    {I::kIdVpunpcklqdq, 8, false},
    {I::kIdVpunpckhqdq, 8, true},
}};

/// The distance if the lanes are sixteen in a row of `total`, which is followed by its start.
std::optional<std::uint8_t> rotation(const ShuffleLanes& lanes, std::uint32_t total) noexcept {
  for (std::size_t i = 1; i < 16; ++i) {
    if (lanes[i] != (lanes[0] + i) % total) return std::nullopt;
  }
  return lanes[0];
}

/// Lanes of one operand, each below 16.
ShufflePlan plan_single(const ShuffleLanes& lanes, Part source) noexcept {
  if (const auto dwords = groups_of<4>(lanes)) {
    const Dwords& d = *dwords;
    const std::int16_t order = pack(d[0], d[1], d[2], d[3]);
    ShufflePlan plan;
    plan.is_left = source == Part::Left;
    plan.is_right = source == Part::Right;
    if (order == pack(0, 1, 2, 3)) return plan;
    return one({I::kIdVpshufd, Part::Result, Part::None, source, order});
  }
  if (const auto words = groups_of<8>(lanes)) {
    const Words& w = *words;
    const bool low_stays = w[0] == 0 && w[1] == 1 && w[2] == 2 && w[3] == 3;
    const bool high_stays = w[4] == 4 && w[5] == 5 && w[6] == 6 && w[7] == 7;
    const bool low_from_low = std::all_of(w.begin(), w.begin() + 4, [](auto n) { return n < 4; });
    const bool high_from_high = std::all_of(w.begin() + 4, w.end(), [](auto n) { return n >= 4; });
    const std::int16_t low = pack(w[0], w[1], w[2], w[3]);
    const std::int16_t high = pack(w[4], w[5], w[6], w[7]);
    if (high_stays && low_from_low) {
      return one({I::kIdVpshuflw, Part::Result, Part::None, source, low});
    }
    if (low_stays && high_from_high) {
      return one({I::kIdVpshufhw, Part::Result, Part::None, source, high});
    }
    if (w == Words{}) return one({I::kIdVpbroadcastw, Part::Result, Part::None, source});
  }
  if (lanes == ShuffleLanes{}) return one({I::kIdVpbroadcastb, Part::Result, Part::None, source});
  for (const Unpack& unpack : unpacks) {
    if (lanes == unpacked(unpack.size, unpack.high, 0, 0)) {
      return one({unpack.id, Part::Result, source, source});
    }
  }
  if (const auto distance = rotation(lanes, 16)) {
    return one({I::kIdVpalignr, Part::Result, source, source, *distance});
  }
  ShufflePlan plan = one({I::kIdVpshufb, Part::Result, source, Part::Mask});
  plan.masks[0] = lanes;
  return plan;
}

Part operand_of(std::uint8_t lane, std::uint8_t count) noexcept {
  return lane < count ? Part::Left : Part::Right;
}

/// Two lanes of 32 bits from each operand: shufps, and an exchange if they lie otherwise.
ShufflePlan plan_pairs(const Dwords& lanes) noexcept {
  const auto is_left = [&](std::size_t i) { return lanes[i] < 4; };
  if (is_left(0) == is_left(1)) {
    const Part low = operand_of(lanes[0], 4);
    const Part high = operand_of(lanes[2], 4);
    return one(
        {I::kIdVshufps, Part::Result, low, high, pack(lanes[0], lanes[1], lanes[2], lanes[3])});
  }
  std::array<std::uint8_t, 4> gathered{};  // left ones first
  std::array<std::uint8_t, 4> place{};     // of each result among them
  std::uint8_t left = 0;
  std::uint8_t right = 2;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint8_t at = is_left(i) ? left++ : right++;
    gathered[at] = lanes[i];
    place[i] = at;
  }
  return two({I::kIdVshufps, Part::Temporary, Part::Left, Part::Right,
              pack(gathered[0], gathered[1], gathered[2], gathered[3])},
             {I::kIdVpshufd, Part::Result, Part::None, Part::Temporary,
              pack(place[0], place[1], place[2], place[3])});
}

/// All lanes of 32 bits from `most` but for one.
ShufflePlan plan_insertion(const Dwords& lanes, Part most) noexcept {
  const Part other = most == Part::Left ? Part::Right : Part::Left;
  Dwords kept{};
  std::uint32_t place = 0;
  for (std::uint8_t i = 0; i < 4; ++i) {
    const bool is_other = operand_of(lanes[i], 4) == other;
    if (is_other) place = i;
    kept[i] = is_other ? i : static_cast<std::uint8_t>(lanes[i] % 4);
  }
  const std::uint32_t from = lanes[place] % 4;
  const auto immediate = static_cast<std::int16_t>(from << 6U | place << 4U);
  const std::int16_t order = pack(kept[0], kept[1], kept[2], kept[3]);
  if (order == pack(0, 1, 2, 3)) {
    return one({I::kIdVinsertps, Part::Result, most, other, immediate});
  }
  const ShuffleStep arrange{I::kIdVpshufd, Part::Temporary, Part::None, most, order};
  if (from == place) {
    return two(arrange, {I::kIdVpblendd, Part::Result, Part::Temporary, other,
                         static_cast<std::int16_t>(1U << place)});
  }
  return two(arrange, {I::kIdVinsertps, Part::Result, Part::Temporary, other, immediate});
}

ShufflePlan plan_dwords(const Dwords& lanes) noexcept {
  const auto left = std::count_if(lanes.begin(), lanes.end(), [](auto n) { return n < 4; });
  if (left == 2) return plan_pairs(lanes);
  return plan_insertion(lanes, left == 3 ? Part::Left : Part::Right);
}

/// Every lane stays where it is, in one operand or the other.
std::optional<ShufflePlan> plan_blend(const ShuffleLanes& lanes) noexcept {
  for (std::size_t i = 0; i < 16; ++i) {
    if (lanes[i] % 16 != i) return std::nullopt;
  }
  const auto chosen = [](const auto& groups) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i] >= groups.size()) bits |= 1U << i;
    }
    return static_cast<std::int16_t>(bits);
  };
  if (const auto dwords = groups_of<4>(lanes)) {
    return one({I::kIdVpblendd, Part::Result, Part::Left, Part::Right, chosen(*dwords)});
  }
  if (const auto words = groups_of<8>(lanes)) {
    return one({I::kIdVpblendw, Part::Result, Part::Left, Part::Right, chosen(*words)});
  }
  ShufflePlan plan =
      two({I::kIdVmovups, Part::Temporary, Part::None, Part::Mask},
          {I::kIdVpblendvb, Part::Result, Part::Left, Part::Right, -1, Part::Temporary});
  for (std::size_t i = 0; i < 16; ++i) plan.masks[0][i] = lanes[i] < 16 ? 0 : 0xff;
  return plan;
}

/// Each operand's lanes brought where they belong with zeros elsewhere, then both together.
ShufflePlan plan_general(const ShuffleLanes& lanes) noexcept {
  ShufflePlan plan = two({I::kIdVpshufb, Part::Temporary, Part::Left, Part::Mask},
                         {I::kIdVpshufb, Part::Temporary2, Part::Right, Part::Mask2});
  plan.steps[2] = {I::kIdVpor, Part::Result, Part::Temporary, Part::Temporary2};
  plan.count = 3;
  constexpr std::uint8_t zero = 0x80;
  for (std::size_t i = 0; i < 16; ++i) {
    const bool is_left = lanes[i] < 16;
    plan.masks[0][i] = is_left ? lanes[i] : zero;
    plan.masks[1][i] = is_left ? zero : static_cast<std::uint8_t>(lanes[i] - 16);
  }
  return plan;
}

ShufflePlan plan_double(const ShuffleLanes& lanes) noexcept {
  if (const auto blend = plan_blend(lanes)) return *blend;
  for (const Unpack& unpack : unpacks) {
    if (lanes == unpacked(unpack.size, unpack.high, 0, 16)) {
      return one({unpack.id, Part::Result, Part::Left, Part::Right});
    }
    if (lanes == unpacked(unpack.size, unpack.high, 16, 0)) {
      return one({unpack.id, Part::Result, Part::Right, Part::Left});
    }
  }
  if (const auto distance = rotation(lanes, 32)) {
    const std::uint8_t by = *distance % 16;
    const Part low = operand_of(*distance, 16);
    const Part high = low == Part::Left ? Part::Right : Part::Left;
    return one({I::kIdVpalignr, Part::Result, high, low, by});
  }
  if (const auto dwords = groups_of<4>(lanes)) return plan_dwords(*dwords);
  return plan_general(lanes);
}

}  // namespace

ShufflePlan plan_shuffle(std::span<const std::uint8_t, 16> immediate, bool same) noexcept {
  ShuffleLanes lanes{};
  std::ranges::copy(immediate, lanes.begin());
  const bool only_left = std::ranges::all_of(lanes, [](auto lane) { return lane < 16; });
  const bool only_right = std::ranges::all_of(lanes, [](auto lane) { return lane >= 16; });
  if (!same && !only_left && !only_right) return plan_double(lanes);
  for (std::uint8_t& lane : lanes) lane %= 16;
  return plan_single(lanes, only_right && !same ? Part::Right : Part::Left);
}

}  // namespace merlon::wasm::baseline
