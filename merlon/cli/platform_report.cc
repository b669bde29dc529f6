#include "merlon/cli/platform_report.h"

#include <algorithm>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/cli/table.h"
#include "merlon/codec/json_writer.h"

namespace merlon::cli {

using base::concat;
using host::probe::Backend;
using host::probe::Datum;
using host::probe::Need;

namespace {

constexpr std::size_t text_column = 48;

std::string_view name_of(Need need) noexcept {
  switch (need) {
    case Need::Required: return "required";
    case Need::Attestation: return "attestation";
    case Need::Optional: return "optional";
    case Need::Note: return "note";
  }
  return "required";
}

bool is_supported(const PlatformReport& report, const Backend& backend) {
  return std::ranges::find(report.supported, backend.name) != report.supported.end();
}

class TextWriter {
 public:
  explicit TextWriter(bool colours) : colours_(colours) {}

  void write(const Backend& backend, bool supported) {
    const bool ready = backend.is_ready();
    text_ += concat("\n", mark(ready, Need::Required), " Backend: ", backend.name,
                    supported ? "" : " (this version of Merlon does not have it)", "\n");
    failed_.reset();
    for (const Datum& datum : backend.data) write(datum);
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  void add(std::string_view line) { text_ += line; }

 private:
  void write(const Datum& datum) {
    const std::string indent(2 + 2 * std::size_t{datum.depth}, ' ');
    std::string line = concat(indent, datum.name);
    if (!datum.info.empty()) {
      line.resize(std::max(line.size() + 2, text_column), ' ');
      line += base::printable(datum.info);
    }
    text_ += concat(indent, mark(datum.pass, datum.need), line.substr(indent.size() - 1), "\n");
    const bool part_of_failed = failed_ && datum.depth > *failed_;
    if (!part_of_failed) failed_ = datum.pass ? std::nullopt : std::optional(datum.depth);
    if (!part_of_failed && !datum.remedy.empty())
      text_ += concat(indent, "    ", datum.remedy, "\n");
  }

  /// What is only told has no mark of its own.
  std::string mark(bool pass, Need need) const {
    if (need == Need::Note) return "·";
    const std::string_view sign = pass ? "✔" : "✗";
    if (!colours_) return std::string(sign);
    const int failed = need == Need::Required ? 31 : 33;
    return concat("\x1b[", pass ? 32 : failed, "m", sign, "\x1b[0m");
  }

  bool colours_;
  std::optional<unsigned> failed_;  ///< depth of the datum that failed, while its parts follow
  std::string text_;
};

class DataWriter {
 public:
  DataWriter(codec::JsonWriter& json, const std::vector<Datum>& data) : json_(json), data_(data) {}

  /// The data at `depth` from where we are, each with those that are parts of it.
  void write(unsigned depth) {
    json_.open_array();
    while (next_ < data_.size() && data_[next_].depth >= depth) {
      const Datum& datum = data_[next_++];
      json_.open_object();
      field("name", datum.name);
      json_.key("pass");
      json_.boolean(datum.pass);
      field("need", name_of(datum.need));
      field("info", datum.info);
      field("mesg", datum.remedy);
      json_.key("data");
      write(datum.depth + 1);
      json_.close_object();
    }
    json_.close_array();
  }

 private:
  void field(std::string_view name, std::string_view value) {
    json_.key(name);
    if (value.empty()) {
      json_.null();
    } else {
      json_.text(value);
    }
  }

  codec::JsonWriter& json_;
  const std::vector<Datum>& data_;
  std::size_t next_ = 0;
};

}  // namespace

std::string to_text(const PlatformReport& report, bool colours) {
  TextWriter writer(colours);
  writer.add(concat("Merlon version ", version, "\nSystem Info: ", report.system, "\n"));
  for (const Backend& backend : report.backends) {
    writer.write(backend, is_supported(report, backend));
  }
  return writer.text();
}

std::string to_json(const PlatformReport& report) {
  codec::JsonWriter json;
  json.open_object();
  json.key("version");
  json.text(version);
  json.key("system_info");
  json.text(report.system);
  json.key("backends");
  json.open_array();
  for (const Backend& backend : report.backends) {
    json.open_object();
    json.key("backend");
    json.text(backend.name);
    json.key("ready");
    json.boolean(backend.is_ready());
    json.key("supported");
    json.boolean(is_supported(report, backend));
    json.key("data");
    DataWriter(json, backend.data).write(0);
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return json.result() + "\n";
}

}  // namespace merlon::cli
