// merlon evidence inspect: what a file of evidence or endorsements says, field by field.

#include <algorithm>

#include "merlon/appraise/commands.h"
#include "merlon/appraise/fields.h"
#include "merlon/appraise/files.h"
#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"

namespace merlon::appraise {

using base::concat;

namespace {

std::string to_text(const std::string& path, std::string_view format,
                    const std::vector<FieldGroup>& groups) {
  std::string text = concat(base::printable(path), ": ", format, "\n");
  for (const FieldGroup& group : groups) {
    text += concat("\n", group.title, "\n");
    std::size_t width = 0;
    for (const Field& field : group.fields) width = std::max(width, field.name.size());
    for (const Field& field : group.fields) {
      text +=
          concat("  ", field.name, std::string(width - field.name.size(), ' '), "  ", field.value,
                 field.value.size() > 40 ? concat("\n  ", std::string(width, ' '), "  ") : "  ",
                 "(", field.meaning, ")\n");
    }
  }
  return text;
}

std::string to_json(std::string_view format, const std::vector<FieldGroup>& groups) {
  codec::JsonWriter json;
  json.open_object();
  json.key("format");
  json.text(format);
  json.key("groups");
  json.open_array();
  for (const FieldGroup& group : groups) {
    json.open_object();
    json.key("title");
    json.text(group.title);
    json.key("fields");
    json.open_object();
    for (const Field& field : group.fields) {
      json.key(field.name);
      json.text(field.value);
    }
    json.close_object();
    json.close_object();
  }
  json.close_array();
  json.close_object();
  return json.result() + "\n";
}

/// Of a file that is neither: what is wrong with what it most resembles. Endorsements may be larger
/// than evidence; what is none of them says what verify says.
Failure neither(const std::string& path, core::ByteView bytes, const core::Error& as_evidence,
                const core::Error& as_endorsements) {
  if (bytes.size() > evidence::max_evidence_size) {
    return {concat(base::printable(path), ": cannot be read: it is larger than ",
                   evidence::max_evidence_size >> 20U, " MiB"),
            Status::Unusable};
  }
  return not_parsed(path,
                    evidence::is_shaped_as_endorsement(bytes) ? as_endorsements : as_evidence);
}

}  // namespace

int evidence_inspect(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const std::string path = arguments.positional(0);
  const auto bytes = read_bytes(path, 8U << 20U);
  if (!bytes) return cli::fail(terminal, bytes.error().text, number(bytes.error().status));
  std::string format;
  std::vector<FieldGroup> groups;
  const auto evidence = evidence::Evidence::parse(*bytes);
  evidence::Endorsements endorsements;
  if (evidence) {
    format = evidence->format;
    groups = fields_of(*evidence);
  } else {
    const auto added = endorsements.add(*bytes);
    if (!added) {
      const Failure failure = neither(path, *bytes, evidence.error(), added.error());
      return cli::fail(terminal, failure.text, number(failure.status));
    }
    format = concat("endorsements, ", endorsements.size());
    groups = fields_of(endorsements);
  }
  return cli::print(
      terminal, arguments.has("--json") ? to_json(format, groups) : to_text(path, format, groups));
}

}  // namespace merlon::appraise
