#include "merlon/measure/testing/firmware.h"

#include "merlon/base/text.h"

namespace merlon::measure::testing {

namespace {

constexpr const char* footer_guid = "de82b596b21ff745baeaa366c55a082d";
constexpr const char* sections_guid = "666588dc4a989847a75e5585a7bf67cc";
constexpr std::size_t entry_header = 18;  // size, GUID

}  // namespace

Firmware::Firmware(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {
  if (bytes_.size() < 64) return;
  read_table();
  read_sections();
}

std::uint32_t Firmware::number_at(std::size_t offset) const {
  std::uint32_t number = 0;
  for (std::size_t i = 4; i > 0; --i) number = number << 8U | bytes_.at(offset + i - 1);
  return number;
}

std::uint32_t Firmware::number_of(const std::string& guid) const {
  const auto found = table_.find(guid);
  return found == table_.end() ? 0 : number_at(found->second);
}

/// Entries stand one before the other, each with its header at its end.
void Firmware::read_table() {
  std::size_t end = bytes_.size() - 32;
  const auto size_at = [&](std::size_t at) { return bytes_.at(at) | bytes_.at(at + 1) << 8; };
  const auto guid_at = [&](std::size_t at) {
    return base::hex(core::ByteView(bytes_).subspan(at + 2, 16));
  };
  if (guid_at(end - entry_header) != footer_guid) return;
  const std::size_t start = end - static_cast<std::size_t>(size_at(end - entry_header));
  end -= entry_header;
  while (end >= start + entry_header) {
    const auto size = static_cast<std::size_t>(size_at(end - entry_header));
    if (size < entry_header || size > end - start) return;
    table_[guid_at(end - entry_header)] = end - size;
    end -= size;
  }
}

void Firmware::read_sections() {
  const std::uint32_t from_end = number_of(sections_guid);
  if (from_end == 0) return;
  const std::size_t start = bytes_.size() - from_end;
  const std::uint32_t count = number_at(start + 12);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = start + 16 + 12 * i;
    sections_.push_back({number_at(at), number_at(at + 4), number_at(at + 8)});
  }
}

}  // namespace merlon::measure::testing
