#include "merlon/cli/module_report.h"

#include <array>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/cli/capabilities.h"
#include "merlon/os/open.h"
#include "merlon/wasm/binary/decoder.h"
#include "merlon/wasm/validate/validator.h"

namespace merlon::cli {

using base::concat;

namespace {

constexpr std::size_t max_module_size = 1'000'000'000;

constexpr std::array<std::string_view, 14> section_names{
    "custom", "type",  "import",  "function", "table", "memory",     "global",
    "export", "start", "element", "code",     "data",  "data count", "tag"};

/// How many things a section declares, told from the module.
std::optional<std::size_t> count_in(const wasm::Module& module, std::uint8_t section) {
  switch (section) {
    case 1: return module.types.size();
    case 2: return module.imports.size();
    case 3: return module.functions.size() - module.imported_functions;
    case 4: return module.tables.size() - module.imported_tables;
    case 5: return module.memories.size() - module.imported_memories;
    case 6: return module.globals.size() - module.imported_globals;
    case 7: return module.exports.size();
    case 9: return module.elements.size();
    case 10: return module.bodies.size();
    case 11: return module.data.size();
    case 13: return module.tags.size() - module.imported_tags;
    default: return std::nullopt;
  }
}

std::string function_text(const wasm::Module& module, wasm::TypeIndex type) {
  const wasm::FuncType& function = module.types[type].function;
  const auto list = [](const std::vector<wasm::ValueType>& types) {
    std::string text;
    for (const wasm::ValueType each : types) {
      text += concat(text.empty() ? "" : " ", wasm::to_string(each));
    }
    return text;
  };
  return concat("(", list(function.params), ") -> (", list(function.results), ")");
}

std::string limits_text(const wasm::Limits& limits, std::string_view unit) {
  std::string text = concat(limits.min);
  text += limits.max ? concat(" to ", *limits.max, " ", unit) : concat(" or more ", unit);
  if (limits.address == wasm::AddressType::I64) text += ", 64-bit";
  if (limits.shared) text += ", shared";
  return text;
}

std::string global_text(const wasm::GlobalType& type) {
  return concat(type.is_mutable ? "mutable " : "constant ", wasm::to_string(type.value));
}

struct TypeText {
  const wasm::Module& module;
  std::string operator()(wasm::TypeIndex type) const { return function_text(module, type); }
  std::string operator()(const wasm::TableType& type) const {
    return concat(wasm::to_string(type.element), ", ", limits_text(type.limits, "elements"));
  }
  std::string operator()(const wasm::MemoryType& type) const {
    return limits_text(type.limits, "pages");
  }
  std::string operator()(const wasm::GlobalType& type) const { return global_text(type); }
  std::string operator()(const wasm::TagType& type) const {
    return function_text(module, type.type);
  }
};

std::string export_text(const wasm::Module& module, const wasm::Export& entry) {
  const TypeText text{module};
  switch (entry.kind) {
    case wasm::ExternKind::Function: return text(module.functions[entry.index]);
    case wasm::ExternKind::Table: return text(module.tables[entry.index].type);
    case wasm::ExternKind::Memory: return text(module.memories[entry.index]);
    case wasm::ExternKind::Global: return text(module.globals[entry.index].type);
    case wasm::ExternKind::Tag: return text(module.tags[entry.index]);
  }
  return "";
}

void add_sections(const wasm::Module& module, InspectReport& report) {
  auto custom = module.customs.begin();
  for (const wasm::SectionSpan& section : module.sections) {
    SectionLine line;
    line.name = section.id < section_names.size() ? section_names[section.id] : "unknown";
    line.offset = section.offset;
    line.size = section.size;
    line.count = count_in(module, section.id);
    if (section.id == 0 && custom != module.customs.end()) line.custom_name = (custom++)->name;
    report.sections.push_back(std::move(line));
  }
}

/// What the signatures need; the validator tells what the instructions need.
wasm::FeatureSet features_of_types(const wasm::Module& module) {
  wasm::FeatureSet features;
  for (const wasm::DefinedType& type : module.types) {
    if (type.function.results.size() > 1) features.add(wasm::Feature::MultiValue);
    for (const auto* list : {&type.function.params, &type.function.results}) {
      for (const wasm::ValueType each : *list) {
        if (each.is_vector()) features.add(wasm::Feature::Simd);
        if (each.is_reference()) features.add(wasm::Feature::ReferenceTypes);
      }
    }
  }
  return features;
}

void add_features(wasm::FeatureSet features, InspectReport& report) {
  for (int i = static_cast<int>(wasm::Feature::SignExtension);
       i <= static_cast<int>(wasm::Feature::Threads); ++i) {
    const auto feature = static_cast<wasm::Feature>(i);
    if (features.contains(feature)) report.features.emplace_back(wasm::to_string(feature));
  }
}

InspectReport report_of(const wasm::ValidModule& valid, std::string file) {
  const wasm::Module& module = *valid;
  InspectReport report;
  report.file = std::move(file);
  report.size = module.bytes.size();
  add_sections(module, report);
  std::vector<ImportName> functions;
  for (const wasm::Import& import : module.imports) {
    const auto kind = wasm::kind_of(import.type);
    report.imports.push_back({std::string(import.module), std::string(import.name),
                              std::string(wasm::to_string(kind)),
                              std::visit(TypeText{module}, import.type)});
    if (kind == wasm::ExternKind::Function) functions.push_back({import.module, import.name});
  }
  for (const wasm::Export& entry : module.exports) {
    report.exports.push_back({"", std::string(entry.name), std::string(wasm::to_string(entry.kind)),
                              export_text(module, entry)});
  }
  wasm::FeatureSet features = features_of_types(module);
  features.add(valid.features());
  add_features(features, report);
  report.capabilities = capabilities_of(functions);
  return report;
}

}  // namespace

core::Result<InspectReport, std::string> report_of_module(os::BorrowedFd file,
                                                          const std::string& path) {
  const auto bytes = os::read_all(file, max_module_size);
  if (!bytes) return concat(path, ": cannot be read: ", os::describe(bytes.error()));
  auto module = wasm::decode(*bytes);
  auto valid =
      module ? wasm::validate(*std::move(module)) : core::Result<wasm::ValidModule>(module.error());
  if (!valid) {
    return concat(path, ": is no module that can be run: ", valid.error().message(), " (byte ",
                  valid.error().detail, ")");
  }
  return report_of(*valid, path);
}

}  // namespace merlon::cli
