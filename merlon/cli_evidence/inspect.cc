// merlon evidence inspect: what a file of evidence or endorsements says, field by field.

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli_evidence/commands.h"
#include "merlon/cli_evidence/fields.h"
#include "merlon/cli_evidence/files.h"
#include "merlon/codec/json_writer.h"
#include "merlon/report/html_parts.h"
#include "merlon/report/report.h"

namespace merlon::cli_evidence {

using base::concat;

namespace {

/// What was found in a file.
struct Found {
  std::vector<std::string_view> wrappings;  ///< around evidence, the outermost first
  std::string format;
  std::vector<std::string> notes;
  std::vector<FieldGroup> groups;
};

std::string to_text(const std::string& path, const Found& found) {
  std::string text = concat(base::printable(path), ": ", report::wrappings_text(found.wrappings),
                            found.format, "\n");
  for (const std::string& note : found.notes) text += concat("note: ", note, "\n");
  for (const FieldGroup& group : found.groups) {
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

std::string to_json(const Found& found) {
  codec::JsonWriter json;
  json.open_object();
  json.key("format");
  json.text(found.format);
  report::write_wrappings(json, found.wrappings);
  json.key("notes");
  json.open_array();
  for (const std::string& note : found.notes) json.text(note);
  json.close_array();
  json.key("groups");
  json.open_array();
  for (const FieldGroup& group : found.groups) {
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

/// What a certificate's result comes to, above everything else; nothing where there is none.
std::string result_part(const std::vector<FieldGroup>& groups) {
  std::string html;
  for (const FieldGroup& group : groups) {
    if (!group.title.starts_with("Attestation result") || group.fields.empty()) continue;
    const Field& status = group.fields.front();
    const bool affirming = status.value == "affirming";
    html += concat("<section class=\"verdict ", affirming ? "yes" : "no", "\"><strong>",
                   affirming ? "✔ " : "✘ ", report::escaped(status.value), "</strong><p>",
                   "By the word of who issued the certificate, which is not checked here.</p>");
    for (const Field& field : group.fields) {
      if (field.name == "SIMULATOR") html += concat("<p>", report::escaped(field.meaning), "</p>");
      if (field.name.starts_with("remark "))
        html += concat("<p>", report::escaped(field.value), "</p>");
    }
    html += "</section>\n";
  }
  return html;
}

std::string to_html(const std::string& path, const Found& found) {
  std::string body = concat("<h1>What ", report::escaped(base::printable(path)), " says</h1>\n<p>",
                            report::escaped(report::wrappings_text(found.wrappings)),
                            report::escaped(found.format), "</p>\n");
  for (const std::string& note : found.notes)
    body += concat("<p>", report::escaped(note), "</p>\n");
  body += result_part(found.groups);
  for (const FieldGroup& group : found.groups) {
    body += concat("<h2>", report::escaped(group.title),
                   "</h2><div class=\"card\"><table class=\"claims stack\">");
    for (const Field& field : group.fields) {
      body += concat("<tr><td>", report::escaped(field.name), "<br><small class=\"soft\">",
                     report::escaped(field.meaning), "</small></td><td class=\"mono\">",
                     report::shown(field.value), "</td></tr>");
    }
    body += "</table></div>\n";
  }
  return report::page_of(concat("What ", base::printable(path), " says"), body);
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
  Found found;
  const auto evidence = evidence::Evidence::parse(*bytes);
  evidence::Endorsements endorsements;
  if (evidence) {
    found = {evidence->wrappings, std::string(evidence->format), evidence->notes,
             fields_of(*evidence)};
  } else {
    const auto added = endorsements.add(*bytes);
    if (!added) {
      const Failure failure = neither(path, *bytes, evidence.error(), added.error());
      return cli::fail(terminal, failure.text, number(failure.status));
    }
    found = {{}, concat("endorsements, ", endorsements.size()), {}, fields_of(endorsements)};
  }
  // The answer first: a page that cannot be written must not take it along.
  const int printed =
      cli::print(terminal, arguments.has("--json") ? to_json(found) : to_text(path, found));
  if (!arguments.has("--html")) return printed;
  const auto page =
      write_file(arguments.value("--html"), base::Printable::lines(to_html(path, found)));
  if (page) return printed;
  const int failed = cli::fail(terminal, page.error().text, number(page.error().status));
  return printed != 0 ? printed : failed;
}

}  // namespace merlon::cli_evidence
