#include "merlon/wasm/exec/code_map.h"

#include <algorithm>

namespace merlon::wasm {

namespace {

void pack(std::vector<std::uint8_t>& out, std::uint32_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80U));
    value >>= 7U;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

std::uint32_t unpack(const std::uint8_t*& in) {
  std::uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const std::uint8_t byte = *in++;
    value |= (byte & 0x7fU) << shift;
    if (byte < 0x80) return value;
  }
}

std::uint32_t zigzag(std::uint32_t delta) { return (delta << 1U) ^ (0U - (delta >> 31U)); }
std::uint32_t unzigzag(std::uint32_t value) { return (value >> 1U) ^ (0U - (value & 1U)); }

}  // namespace

void CodeMap::add(std::uint32_t begin, FuncIndex function, std::uint32_t wasm,
                  const FunctionCode& code) {
  CodeRecord record{begin,
                    begin + static_cast<std::uint32_t>(code.bytes.size()),
                    function,
                    code.frame_size,
                    static_cast<std::uint32_t>(packed_.size()),
                    wasm,
                    -1};
  std::uint32_t last_code = 0;
  std::uint32_t last_wasm = wasm;
  for (const CodeSite& site : code.sites) {
    pack(packed_, site.code - last_code + 1);
    pack(packed_, zigzag(site.wasm - last_wasm));
    packed_.push_back(static_cast<std::uint8_t>((static_cast<unsigned>(site.kind) << 5U) |
                                                static_cast<unsigned>(site.trap)));
    last_code = site.code;
    last_wasm = site.wasm;
  }
  packed_.push_back(0);  // no site has a distance of 0: the end
  if (!code.try_regions.empty()) {
    record.tries = static_cast<std::int32_t>(try_tables_.size());
    try_tables_.push_back({code.try_regions, code.try_calls});
  }
  records_.push_back(record);
}

const CodeRecord* CodeMap::find(std::size_t offset) const noexcept {
  const auto after =
      std::upper_bound(records_.begin(), records_.end(), offset,
                       [](std::size_t at, const CodeRecord& r) { return at < r.begin; });
  if (after == records_.begin()) return nullptr;
  const CodeRecord& record = *std::prev(after);
  // A return address may be one past the last instruction.
  return offset <= record.end ? &record : nullptr;
}

std::optional<CodeSite> CodeMap::site(const CodeRecord& record, std::size_t offset,
                                      bool returns) const noexcept {
  const std::uint8_t* in = packed_.data() + record.sites;
  CodeSite site{record.begin, record.wasm, CodeSite::Kind::Call, TrapKind::Unreachable};
  while (const std::uint32_t distance = unpack(in)) {
    site.code += distance - 1;
    site.wasm += unzigzag(unpack(in));
    const std::uint8_t kind = *in++;
    site.kind = static_cast<CodeSite::Kind>(kind >> 5U);
    if (site.code != offset || (site.kind == CodeSite::Kind::Call) != returns) continue;
    site.trap = static_cast<TrapKind>(kind & 31U);
    return site;
  }
  return std::nullopt;
}

}  // namespace merlon::wasm
