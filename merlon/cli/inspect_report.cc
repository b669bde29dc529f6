#include "merlon/cli/inspect_report.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/base/units.h"
#include "merlon/codec/json_writer.h"

namespace merlon::cli {

using base::concat;

namespace {

using Cells = std::vector<std::string>;

/// Characters rather than bytes, as a terminal counts them; good enough for names.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string table(const std::vector<Cells>& rows) {
  constexpr std::size_t most = 48;
  std::vector<std::size_t> widths;
  for (const Cells& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], std::min(columns(row[i]), most));
    }
  }
  std::string out;
  for (const Cells& row : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += concat(" ", row[i]);
      const std::size_t used = columns(row[i]);
      line += std::string(used < widths[i] ? widths[i] - used + 1 : 1, ' ');
    }
    out += concat(line.substr(0, line.find_last_not_of(' ') + 1), "\n");
  }
  return out;
}

std::string section(std::string_view title, const std::vector<Cells>& rows) {
  return concat("\n", title, "\n", rows.empty() ? "  none\n" : table(rows));
}

std::string list(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    text += concat(text.empty() ? "" : ", ", base::printable(word, 80));
  }
  return text;
}

std::vector<Cells> section_rows(const InspectReport& report) {
  std::vector<Cells> rows;
  for (const SectionLine& line : report.sections) {
    rows.push_back({line.custom_name.empty()
                        ? std::string(line.name)
                        : concat(line.name, " ", base::quoted(line.custom_name, 60)),
                    concat("at ", line.offset), base::format_size(line.size),
                    line.count ? concat(*line.count) : ""});
  }
  return rows;
}

std::vector<Cells> extern_rows(const std::vector<ExternLine>& lines) {
  std::vector<Cells> rows;
  for (const ExternLine& line : lines) {
    const std::string name = base::printable(line.name, 80);
    rows.push_back(
        {line.module.empty() ? name : concat(base::printable(line.module, 80), ".", name),
         line.kind, line.type});
  }
  return rows;
}

void write_externs(codec::JsonWriter& json, std::string_view key,
                   const std::vector<ExternLine>& lines, bool with_module) {
  json.key(key);
  json.open_array();
  for (const ExternLine& line : lines) {
    json.open_object();
    if (with_module) {
      json.key("module");
      json.text(line.module);
    }
    json.key("name");
    json.text(line.name);
    json.key("kind");
    json.text(line.kind);
    json.key("type");
    json.text(line.type);
    json.close_object();
  }
  json.close_array();
}

void write_sections(codec::JsonWriter& json, const InspectReport& report) {
  json.key("sections");
  json.open_array();
  for (const SectionLine& line : report.sections) {
    json.open_object();
    json.key("name");
    json.text(line.name);
    if (line.name == "custom") {
      json.key("custom_name");
      json.text(line.custom_name);
    }
    json.key("offset");
    json.number(line.offset);
    json.key("size");
    json.number(line.size);
    if (line.count) {
      json.key("count");
      json.number(*line.count);
    }
    json.close_object();
  }
  json.close_array();
}

void write_texts(codec::JsonWriter& json, std::string_view key,
                 const std::vector<std::string>& texts) {
  json.key(key);
  json.open_array();
  for (const std::string& text : texts) json.text(text);
  json.close_array();
}

}  // namespace

std::string to_text(const InspectReport& report) {
  std::vector<Cells> capabilities;
  for (const Capability& capability : report.capabilities) {
    capabilities.push_back({std::string(capability.name), concat("given: ", capability.grant),
                            list(capability.imports)});
  }
  std::string out = concat(
      base::printable(report.file), ": ", base::format_size(report.size), ", a valid module\n",
      section("Sections (offset, size, entries)", section_rows(report)),
      section("Imports", extern_rows(report.imports)),
      section("Exports", extern_rows(report.exports)), "\nFeatures\n  ",
      report.features.empty() ? "none beyond WebAssembly 1.0" : list(report.features), "\n",
      section("Capabilities it will ask for", capabilities));
  return out;
}

std::string to_json(const InspectReport& report) {
  codec::JsonWriter json;
  json.open_object();
  json.key("file");
  // The one text that need not be UTF-8.
  json.text(base::printable(report.file, 4096));
  json.key("size");
  json.number(report.size);
  write_sections(json, report);
  write_externs(json, "imports", report.imports, true);
  write_externs(json, "exports", report.exports, false);
  write_texts(json, "features", report.features);
  json.key("capabilities");
  json.open_array();
  for (const Capability& capability : report.capabilities) {
    json.open_object();
    json.key("name");
    json.text(capability.name);
    write_texts(json, "imports", capability.imports);
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return json.result() + "\n";
}

}  // namespace merlon::cli
