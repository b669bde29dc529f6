// merlon-drawbridge: keeps packages and hands them out.

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/command/serve.h"
#include "merlon/database/sqlite.h"
#include "merlon/drawbridge/options.h"
#include "merlon/drawbridge/service.h"
#include "merlon/drawbridge/store.h"
#include "merlon/http/log.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"
#include "merlon/os/surrender.h"
#include "merlon/registry_store/migration.h"
#include "merlon/service/front.h"

namespace {

using namespace merlon;
using base::concat;
using drawbridge::Checked;
using drawbridge::Options;
using drawbridge::Store;
using service::clock_now;

constexpr int usage = 2;
constexpr int unusable = 1;

http::Settings settings_of(const Options& options, drawbridge::Service& service, http::Log& log) {
  http::Settings settings;
  settings.limits = options.limits;
  settings.workers = options.workers;
  settings.handler = [&](const http::Request& request) { return service.handle(request); };
  settings.quick = [&](const http::Request& request) { return service.quick(request); };
  settings.receive = [&](const http::Request& request) { return service.receive(request); };
  settings.refuse = [](unsigned status, std::string_view why, const http::Request& /*request*/) {
    return drawbridge::response_of(drawbridge::refuse(status, why));
  };
  settings.observe = [&](const http::Exchange& exchange) {
    log.line(http::request_line(clock_now(), exchange));
  };
  return settings;
}

Checked<void> run(Options options, http::Log& log) {
  // Files go at once; of an S3 each 4 MiB is a request.
  const std::size_t removals = options.store.objects ? std::max<std::size_t>(options.workers / 4, 1)
                                                     : drawbridge::Removals::any;
  const auto store = TRY(Store::open(std::move(options.store), options.quota));
  const auto issuers = service::issuers_of(options.issuers, log);
  const drawbridge::Access access(issuers.get(), store->catalogue(), &clock_now);
  const http::Meter meter;
  drawbridge::QuickAnswers::Version version;
  if (database::Watch* const watch = store->watch()) {
    version = [watch] { return watch->version(); };
  }
  drawbridge::Service service(store->shelf(), access,
                              {&clock_now,
                               [&] { return meter.read(); },
                               {options.reserved.begin(), options.reserved.end()},
                               options.largest,
                               version,
                               removals});
  http::Settings settings = settings_of(options, service, log);
  settings.meter = meter;
  return service::serve_until_told({options.listen, options.tls, options.development},
                                   std::move(settings), log);
}

int serve(const command::Arguments& arguments, const command::Terminal& terminal) {
  auto options = drawbridge::options_of(arguments, terminal.variable);
  if (!options) return command::fail(terminal, options.error(), usage);
  const auto log = service::log_to_stderr();
  if (!log) return command::fail(terminal, "cannot start a thread", unusable);
  static_cast<void>(os::allow_open_files());
  const auto ended = run(*std::move(options), **log);
  if (ended) return 0;
  return command::fail(terminal, ended.error(), unusable);
}

/// Opens the store that is there; makes none.
Checked<std::unique_ptr<Store>> open_store(const command::Arguments& arguments,
                                           const command::Terminal& terminal) {
  auto place =
      TRY(drawbridge::place_of(arguments, drawbridge::own_store_options, terminal.variable));
  TRY(drawbridge::check_is_there(place));
  return Store::open(std::move(place), {});
}

void write_lines(codec::JsonWriter& json, std::string_view name,
                 const std::vector<std::string>& lines) {
  json.key(name);
  json.open_array();
  for (const std::string& each : lines) json.text(each);
  json.close_array();
}

std::string report_of(const registry_store::Findings& findings, bool as_json) {
  if (!as_json) {
    std::string text;
    for (const auto& each : findings.damaged) text += concat("lost: ", each, "\n");
    for (const auto& each : findings.contradictions) text += concat("wrong: ", each, "\n");
    return text + concat(findings.blobs, " contents, ", findings.bytes, " bytes, ",
                         findings.damaged.size(), " lost, ", findings.strangers,
                         " objects that nobody names\n");
  }
  codec::JsonWriter json;
  json.open_object();
  json.key("contents");
  json.number(findings.blobs);
  json.key("bytes");
  json.number(findings.bytes);
  write_lines(json, "lost", findings.damaged);
  write_lines(json, "wrong", findings.contradictions);
  json.key("strangers");
  json.number(findings.strangers);
  json.close_object();
  return json.result() + "\n";
}

constexpr std::int64_t day = codec::seconds_per_day;

int fsck(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto store = open_store(arguments, terminal);
  if (!store) return command::fail(terminal, store.error(), usage);
  const bool repair = arguments.has("--repair");
  const bool shows = os::is_terminal(os::BorrowedFd(2)) && !arguments.has("--json");
  std::int64_t told = clock_now().seconds;
  const auto progress = [&](std::uint64_t bytes) {
    if (!shows || clock_now().seconds == told) return;
    told = clock_now().seconds;
    terminal.err(base::Printable::line(concat(bytes >> 20U, " MiB compared")));
  };
  const auto findings = (*store)->shelf().check(repair, progress);
  if (!findings) return command::fail(terminal, findings.error().text, unusable);
  if (repair) {
    const auto swept = (*store)->shelf().sweep(day);
    if (!swept) return command::fail(terminal, swept.error().text, unusable);
  }
  const int printed = command::print(terminal, report_of(*findings, arguments.has("--json")));
  const bool sound = findings->damaged.empty() && findings->contradictions.empty();
  return sound ? printed : unusable;
}

int gc(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto store = open_store(arguments, terminal);
  if (!store) return command::fail(terminal, store.error(), usage);
  std::int64_t patience = day;
  if (arguments.has("--patience")) {
    constexpr std::uint64_t most = 10'000;
    constexpr std::int64_t hour = 3600;
    const auto hours = base::parse_decimal(arguments.value("--patience"));
    if (!hours || *hours > most) {
      return command::fail(terminal, "--patience: must be a number of hours", usage);
    }
    patience = static_cast<std::int64_t>(*hours) * hour;
  }
  const auto swept = (*store)->shelf().sweep(patience);
  if (!swept) return command::fail(terminal, swept.error().text, unusable);
  if (arguments.has("--json")) {
    return command::print(terminal,
                          concat("{\"contents\":", swept->blobs, ",\"uploads\":", swept->uploads,
                                 ",\"strangers\":", swept->strangers, "}\n"));
  }
  return command::print(terminal, concat("removed: ", swept->blobs, " contents that no tag names, ",
                                         swept->uploads, " uploads that were given up, ",
                                         swept->strangers, " objects that nobody knows\n"));
}

int backup(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto place =
      drawbridge::place_of(arguments, drawbridge::own_store_options, terminal.variable);
  if (!place) return command::fail(terminal, place.error(), usage);
  if (!place->database.empty()) {
    return command::fail(terminal, "--database: pg_dump makes copies of it; docs/drawbridge.md",
                         usage);
  }
  const std::string to = arguments.positional(0);
  if (os::exists(to)) {
    return command::fail(terminal, concat(base::quoted(to), ": is there already"), usage);
  }
  const auto copied = database::back_up_sqlite(drawbridge::database_file(place->folder), to);
  if (!copied) return command::fail(terminal, copied.error().text, unusable);
  return 0;
}

std::string report_of(const registry_store::Migrated& done, bool as_json) {
  if (!as_json) {
    std::string text;
    for (const auto& each : done.lost) text += concat("lost: ", each, "\n");
    return text + concat(done.tags, " tags, ", done.contents, " contents, ", done.bytes, " bytes, ",
                         done.lost.size(), " lost\n");
  }
  codec::JsonWriter json;
  json.open_object();
  for (const auto& [name, number] :
       {std::pair{"rows", done.rows}, std::pair{"tags", done.tags},
        std::pair{"contents", done.contents}, std::pair{"bytes", done.bytes}}) {
    json.key(name);
    json.number(number);
  }
  write_lines(json, "lost", done.lost);
  json.close_object();
  return json.result() + "\n";
}

/// A line a second where somebody looks.
class ShownProgress {
 public:
  ShownProgress(const command::Terminal& terminal, bool shows, std::uint64_t all) noexcept
      : terminal_(terminal), shows_(shows), all_(all) {}
  void add(std::uint64_t bytes) {
    done_ += bytes;
    if (!shows_ || clock_now() == told_) return;
    told_ = clock_now();
    terminal_.err(base::Printable::line(
        concat(done_ >> 20U, " MiB brought, of ", all_ >> 20U, " MiB in the old store")));
  }

 private:
  const command::Terminal& terminal_;
  bool shows_;
  std::uint64_t all_;
  std::uint64_t done_ = 0;
  codec::UnixTime told_ = clock_now();
};

int migrate(const command::Arguments& arguments, const command::Terminal& terminal) {
  auto new_place =
      drawbridge::place_of(arguments, drawbridge::new_store_options, terminal.variable);
  if (!new_place) return command::fail(terminal, new_place.error(), usage);
  const auto from = open_store(arguments, terminal);
  if (!from) return command::fail(terminal, from.error(), usage);
  const auto to = drawbridge::NewStore::open(*std::move(new_place));
  if (!to) return command::fail(terminal, to.error(), unusable);
  const auto counts = (*from)->catalogue().counts();
  if (!counts) return command::fail(terminal, counts.error().text, unusable);
  const bool shows = os::is_terminal(os::BorrowedFd(2)) && !arguments.has("--json");
  ShownProgress progress(terminal, shows, counts->bytes);
  registry_store::Migration migration({(*from)->database(), (*from)->objects()},
                                      {(*to)->database(), (*to)->objects()},
                                      [&](std::uint64_t bytes) { progress.add(bytes); });
  const auto done = migration.run(arguments.has("--finish"));
  if (!done) return command::fail(terminal, done.error().text, unusable);
  const int printed = command::print(terminal, report_of(*done, arguments.has("--json")));
  return done->lost.empty() ? printed : unusable;
}

constexpr auto handlers = std::array{
    command::Handler{"serve", &serve}, command::Handler{"fsck", &fsck}, command::Handler{"gc", &gc},
    command::Handler{"backup", &backup}, command::Handler{"migrate", &migrate}};

}  // namespace

int main(int argc, char** argv) {
  // Keys are in its memory. Nothing is worse where it cannot be had.
  static_cast<void>(os::leave_no_core());
  os::ignore_broken_pipes();
  return command::serve_service(argc, argv, drawbridge::program(), handlers);
}
