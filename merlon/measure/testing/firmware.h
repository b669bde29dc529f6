#pragma once

// For tests: just as much of OVMF as recorded launch digests need: its table of GUIDs at the end of
// the file and the list of pages that it wants beside itself (edk2, OvmfPkg/ResetVector).

#include <map>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"

namespace merlon::measure::testing {

struct FirmwareSection {
  std::uint32_t address = 0;
  std::uint32_t size = 0;
  std::uint32_t type = 0;  // 1 zeros, 2 secrets, 3 CPUID, 4 zeros, 0x10 hashes of a kernel
};

class Firmware {
 public:
  explicit Firmware(std::vector<std::uint8_t> bytes);

  [[nodiscard]] core::ByteView bytes() const { return bytes_; }
  /// The number that an entry of the table begins with; 0 if there is no such entry.
  [[nodiscard]] std::uint32_t number_of(const std::string& guid) const;
  [[nodiscard]] const std::vector<FirmwareSection>& sections() const { return sections_; }

 private:
  [[nodiscard]] std::uint32_t number_at(std::size_t offset) const;
  void read_table();
  void read_sections();

  std::vector<std::uint8_t> bytes_;
  std::map<std::string, std::size_t> table_;  // GUID in hexadecimal, as it is stored -> offset
  std::vector<FirmwareSection> sections_;
};

/// GUIDs as they are stored: the first three groups little-endian.
inline constexpr const char* reset_block_guid = "de71f7007e1acb4f890e68c77e2fb44e";
inline constexpr const char* hash_table_guid = "1f3755723b3a044b927b1da6efa8d454";
inline constexpr const char* svsm_info_guid = "12a689a797054b4ca49fcbb1fe9d1ddd";

}  // namespace merlon::measure::testing
