#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/cli_credential/commands.h"
#include "merlon/cli_credential/door.h"
#include "merlon/cli_credential/record_json.h"
#include "merlon/launch/exit_status.h"

namespace merlon::cli_credential {

using base::concat;
using credential::KeyLog;

namespace {

constexpr int refused = 3;

core::Result<KeyLog, Trouble> log_of(const std::string& path) {
  const auto bytes = TRY(file_of(path, KeyLog::max_size));
  auto log = KeyLog::parse(bytes);
  if (log) return *std::move(log);
  return Trouble{concat(base::printable(path), ": no log of keys: ", log.error().what), refused};
}

bool is_start_of_other(const KeyLog& one, const KeyLog& other) {
  const std::size_t both = std::min(one.entries().size(), other.entries().size());
  return both == 0 || one.entries()[both - 1].id == other.entries()[both - 1].id;
}

std::string lines_of(const KeyLog& log) {
  std::string text;
  for (const KeyLog::Entry& each : log.entries()) {
    const credential::KeyRecord& key = each.record;
    text += concat(key.number, "  policy ", base::hex(key.policy.view()).substr(0, 16), "…  epoch ",
                   key.epoch, "  ", codec::to_rfc3339(key.not_before), " to ",
                   codec::to_rfc3339(key.not_after), "  ", key.limit, " times",
                   key.development ? "  SIMULATORS" : "", "\n");
  }
  if (!log.entries().empty()) {
    text += concat("issuer ", log.entries().front().record.issuer, "\nhead ",
                   base::hex(log.entries().back().id.view()), "\n");
  }
  return text;
}

std::string json_of(const KeyLog& log) {
  codec::JsonWriter json;
  json.open_array();
  for (const KeyLog::Entry& each : log.entries()) {
    const credential::KeyRecord& key = each.record;
    json.open_object();
    json.key("number");
    json.number(key.number);
    json.key("id");
    json.text(base::hex(each.id.view()));
    write_members(json, key);
    json.close_object();
  }
  json.close_array();
  return json.result() + "\n";
}

}  // namespace

int keys(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  const auto log = log_of(arguments.positional(0));
  if (!log) return cli::fail(terminal, log.error().text, log.error().status);
  if (arguments.has("--before")) {
    const std::string path = arguments.value("--before");
    const auto before = log_of(path);
    if (!before) return cli::fail(terminal, before.error().text, before.error().status);
    if (!is_start_of_other(*before, *log)) {
      return cli::fail(terminal,
                       concat("not one log: ", base::printable(path),
                              " goes another way; its Steward shows different keys to different "
                              "keeps, or has begun anew"),
                       refused);
    }
  }
  return command::print(terminal, arguments.has("--json") ? json_of(*log) : lines_of(*log));
}

}  // namespace merlon::cli_credential
