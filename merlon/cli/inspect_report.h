#pragma once

// What `merlon inspect` found out, and its two forms.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "merlon/cli/capabilities.h"

namespace merlon::cli {

struct SectionLine {
  std::string_view name;
  std::string custom_name;  ///< of a custom section
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::optional<std::uint64_t> count;
};

struct ExternLine {
  std::string module;  ///< imports only
  std::string name;
  std::string kind;
  std::string type;
};

struct InspectReport {
  std::string file;
  std::uint64_t size = 0;
  std::vector<SectionLine> sections;
  std::vector<ExternLine> imports;
  std::vector<ExternLine> exports;
  std::vector<std::string> features;
  std::vector<Capability> capabilities;
};

/// Tables for people; names are shown as harmless text.
[[nodiscard]] std::string to_text(const InspectReport& report);

/// One JSON object and a line end.
[[nodiscard]] std::string to_json(const InspectReport& report);

}  // namespace merlon::cli
