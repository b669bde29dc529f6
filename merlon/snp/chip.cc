#include "merlon/snp/chip.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"

namespace merlon::snp {

using base::concat;
using core::ErrorCode;
using core::Result;

namespace {

/// What of the id Turin's processors have.
constexpr std::size_t short_id = 8;

std::vector<std::uint8_t> parts_of(const TcbComponents& tcb, Product product) {
  std::vector<std::uint8_t> parts{tcb.bootloader, tcb.tee, tcb.snp, tcb.microcode};
  if (product == Product::Turin) parts.insert(parts.begin(), tcb.fmc);
  return parts;
}

bool is_short(Product product) noexcept { return product == Product::Turin; }

}  // namespace

Result<TcbComponents> parse_levels(std::string_view text, Product product) {
  constexpr std::size_t most = 5;
  const auto malformed = core::error(ErrorCode::Malformed, "not the levels of a platform");
  std::array<std::uint8_t, most> parts{};
  const std::size_t first = product == Product::Turin ? 0 : 1;
  for (std::size_t i = first; i < most; ++i) {
    const std::string_view word = text.substr(0, text.find('.'));
    const auto [end, error] = std::from_chars(word.begin(), word.end(), parts[i]);
    if (error != std::errc() || end != word.end() || word.empty()) return malformed;
    const bool is_last = i + 1 == most;
    if (is_last != (word.size() == text.size())) return malformed;
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
  return TcbComponents{parts[0], parts[1], parts[2], parts[3], parts[4]};
}

Result<Chip> Chip::parse(std::string_view product, std::string_view id, std::string_view levels) {
  Chip made;
  const auto known = product_of_name(product);
  if (!known || *known == Product::Simulator || to_string(*known) != product) {
    return core::error(ErrorCode::Malformed, "neither Milan, Genoa nor Turin");
  }
  made.product = *known;
  const auto bytes = codec::decode_hex(id);
  const bool fits = bytes && (bytes->size() == ChipId::size ||
                              (is_short(made.product) && bytes->size() == short_id));
  if (!fits) return core::error(ErrorCode::Malformed, "not a chip's id in hexadecimal");
  std::vector<std::uint8_t> whole = *bytes;
  whole.resize(ChipId::size);
  made.id = TRY(ChipId::from(whole));
  made.tcb = TRY(parse_levels(levels, made.product));
  return made;
}

std::string Chip::id_digits() const {
  return base::hex(id.view().first(is_short(product) ? short_id : ChipId::size));
}

std::string Chip::levels() const {
  std::string text;
  for (const std::uint8_t part : parts_of(tcb, product)) {
    text += concat(text.empty() ? "" : ".", unsigned{part});
  }
  return text;
}

std::string Chip::file() const {
  std::string text = concat("vcek-", id_digits());
  for (const std::uint8_t part : parts_of(tcb, product)) {
    text += concat(part < 10 ? "-0" : "-", unsigned{part});
  }
  return text;
}

bool Chip::is_of(const EndorsementExtensions& extensions) const {
  if (!extensions.hwid || extensions.csp_id || extensions.product != product) return false;
  const core::ByteView own = id.view().first(is_short(product) ? short_id : ChipId::size);
  return std::ranges::equal(*extensions.hwid, own) && extensions.tcb == tcb;
}

}  // namespace merlon::snp
