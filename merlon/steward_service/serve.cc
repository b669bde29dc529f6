// `merlon-steward serve` and `check`.

#include <csignal>

#include "merlon/base/text.h"
#include "merlon/http/log.h"
#include "merlon/os/open.h"
#include "merlon/os/processor.h"
#include "merlon/os/signals.h"
#include "merlon/service/front.h"
#include "merlon/service/listeners.h"
#include "merlon/steward_service/commands.h"
#include "merlon/steward_service/credentials.h"
#include "merlon/steward_service/deputy.h"
#include "merlon/steward_service/endorsing.h"
#include "merlon/steward_service/loader.h"
#include "merlon/steward_service/problem.h"
#include "merlon/steward_service/records.h"
#include "merlon/steward_service/service.h"
#include "merlon/steward_service/table.h"

namespace merlon::steward_service {

using base::concat;
using service::clock_now;

namespace {

constexpr int usage = 2;
constexpr int unusable = 1;

/// One process that serves, from its start to its end.
class Running {
 public:
  /// `deputy` null: there is no broker; `credentials` null: there are none.
  Running(Options options, Loader loader, GenerationPointer first, http::Log& log,
          Statistics& statistics, Records& records, std::unique_ptr<Deputy> deputy,
          std::unique_ptr<Credentials> credentials)
      : options_(std::move(options)),
        loader_(std::move(loader)),
        log_(log),
        statistics_(statistics),
        records_(records),
        deputy_(std::move(deputy)),
        credentials_(std::move(credentials)),
        service_(std::move(first), records, statistics,
                 {&clock_now, options_.at, [this] { return meter_.read(); }, clock_now(),
                  vcek_source(), release_routes(), credential_routes()}) {}

  Outcome<void> start();
  /// Until a signal says so.
  void run(const os::SignalQueue& signals);
  void say_log(const LogState& state) {
    say("info", "log",
        {{"records", concat(state.records)}, {"last", state.last}, {"note", state.note}});
  }

 private:
  [[nodiscard]] http::Settings settings();
  void say(std::string_view level, std::string_view event,
           const std::vector<http::Header>& fields) {
    log_.line(http::log_line(clock_now(), level, event, fields));
  }
  void say_generation(std::string_view event, const Generation& now);
  bool reload(bool asked);
  [[nodiscard]] std::function<bool(const snp::Report&)> vcek_source();
  [[nodiscard]] std::function<http::Response(const http::Request&)> release_routes();
  [[nodiscard]] std::function<http::Response(const http::Request&)> credential_routes();
  void learn(const verify::Memory& seen, std::string_view event);
  void start_deputy();
  void start_credentials();
  void warn_of_ends();

  Options options_;
  Loader loader_;
  http::Log& log_;
  Statistics& statistics_;
  Records& records_;
  std::unique_ptr<oidc::Issuers> issuers_;  ///< whose tokens name the broker's tenants
  std::unique_ptr<Deputy> deputy_;
  std::unique_ptr<Credentials> credentials_;
  http::Meter meter_;
  Service service_;
  std::mutex reload_mutex_;  ///< of what stands below it, down to warned_
  Fingerprint seen_;
  codec::UnixTime warned_;  ///< when it was last looked for what ends soon
  std::optional<http::Server> server_;
  std::optional<Endorsing> endorsing_;  ///< ends first
};

std::function<bool(const snp::Report&)> Running::vcek_source() {
  if (options_.renew.empty()) return {};
  return [this](const snp::Report& report) {
    return endorsing_.has_value() && endorsing_->obtain_vcek(report);
  };
}

std::function<http::Response(const http::Request&)> Running::release_routes() {
  if (!deputy_) return {};
  return [this](const http::Request& request) { return deputy_->handle(request); };
}

std::function<http::Response(const http::Request&)> Running::credential_routes() {
  if (!credentials_) return {};
  return [this](const http::Request& request) { return credentials_->handle(request); };
}

void Running::learn(const verify::Memory& seen, std::string_view event) {
  if (const auto learned = records_.learn(seen); !learned) {
    say("error", event, {{"refused", learned.error()}});
  }
}

void Running::start_credentials() {
  if (!credentials_) return;
  credentials_->set_world({&clock_now, [this] { return service_.moment(); },
                           [this] { return service_.generation(); },
                           [this](const verify::Memory& seen) { learn(seen, "credential"); },
                           [this](std::size_t keys, std::size_t bytes) {
                             statistics_.note_credential_log(keys, bytes);
                           }});
}

void Running::start_deputy() {
  if (!deputy_) return;
  issuers_ = service::issuers_of(options_.release.issuers, log_);
  deputy_->set_world({&clock_now, [this] { return service_.moment(); },
                      [this] { return service_.generation()->own; },
                      [this](const verify::Memory& seen) { learn(seen, "release"); },
                      issuers_.get()});
}

http::Settings Running::settings() {
  http::Settings settings;
  settings.limits = options_.limits;
  settings.workers = options_.workers;
  settings.meter = meter_;
  settings.handler = [this](const http::Request& request) { return service_.handle(request); };
  settings.refuse = [](unsigned status, std::string_view why, const http::Request& request) {
    return over_transport(answer(problem_of_status(status, why), request), request);
  };
  settings.observe = [this](const http::Exchange& exchange) {
    const codec::UnixTime now = clock_now();
    statistics_.note(exchange, now);
    log_.line(http::request_line(now, exchange, path_in_log(exchange.request.path())));
  };
  if (service_.generation()->tls) {
    settings.tls = [this] { return service_.generation()->tls; };
  }
  return settings;
}

void Running::say_generation(std::string_view event, const Generation& now) {
  std::vector<http::Header> fields{{"policy", now.policy_digest},
                                   {"policy_file", now.policy_file},
                                   {"ca", now.issuer},
                                   {"ca_not_after", codec::to_rfc3339(now.issuer_end)}};
  if (!now.expiries.empty()) {
    fields.push_back({"first_expiry", codec::to_rfc3339(now.expiries.front().at)});
  }
  say("info", event, fields);
  for (const std::string& each : now.warnings) say("warning", "configuration", {{"what", each}});
}

Outcome<void> Running::start() {
  seen_ = loader_.fingerprint();
  if (!options_.renew.empty()) {
    endorsing_.emplace(
        options_, loader_.fetched_directory(), statistics_,
        Endorsing::World{
            &clock_now, [this] { return service_.generation(); }, [this] { return reload(false); },
            [this](std::string_view level, std::string_view event,
                   const std::vector<http::Header>& fields) { say(level, event, fields); }});
  }
  start_deputy();
  start_credentials();
  auto listeners = TRY(service::listen_on(options_.listen));
  auto started = http::Server::start(std::move(listeners), settings());
  if (!started) return concat("cannot serve: ", os::describe(started.error()));
  server_.emplace(*std::move(started));
  say_generation("start", *service_.generation());
  for (const http::ListenAddress& each : options_.listen) {
    say("info", "listen",
        {{"address", http::to_string(each)}, {"tls", options_.tls_key.empty() ? "no" : "yes"}});
  }
  return {};
}

/// Once a day, of each thing in use that ends within days: somebody has to renew it.
void Running::warn_of_ends() {
  constexpr std::int64_t soon = 3 * codec::seconds_per_day;
  const codec::UnixTime now = clock_now();
  const std::scoped_lock lock(reload_mutex_);
  if (now.seconds - warned_.seconds < codec::seconds_per_day) return;
  warned_ = now;
  for (const Expiry& each : service_.generation()->expiries) {
    if (each.at.seconds - now.seconds > soon) break;  // the others end later
    say("warning", "expiry",
        {{"kind", each.kind}, {"name", each.name}, {"until", codec::to_rfc3339(each.at)}});
  }
}

/// Files that cannot be used leave the old ones in force; gives whether those of now are.
bool Running::reload(bool asked) {
  const std::scoped_lock lock(reload_mutex_);
  Fingerprint now = loader_.fingerprint();
  if (!asked && now == seen_) return true;
  seen_ = std::move(now);
  auto next = loader_.load(options_.at.value_or(clock_now()));
  statistics_.note_reload(next.has_value());
  if (!next) {
    say("error", "reload", {{"refused", next.error()}});
    return false;
  }
  say_generation("reload", **next);
  service_.replace(*std::move(next));
  warned_ = {};
  return true;
}

void Running::run(const os::SignalQueue& signals) {
  // Without anything to watch it still has to look at what ends, now and then.
  codec::UnixTime over;  // the end of an issuer after which files were read
  const bool watches = options_.watch.count() > 0;
  const auto pause = watches ? options_.watch : std::chrono::minutes(10);
  if (endorsing_) endorsing_->start();
  while (true) {
    warn_of_ends();
    const auto signal = signals.wait(pause);
    if (signal == SIGTERM || signal == SIGINT) {
      say("info", "stop", {{"signal", *signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
      break;
    }
    // Where one that vouched for the issuer has ended, the directory gives it without that.
    const codec::UnixTime end = service_.generation()->issuer_end;
    const bool ended = watches && over != end && end <= clock_now();
    if (ended) over = end;
    if (signal == SIGHUP || watches) reload(signal == SIGHUP || ended);
  }
  server_->stop(options_.drain);
  endorsing_.reset();
  const http::Counters last = server_->counters();
  say("info", "end", {{"requests", concat(last.requests)}});
}

struct Ready {
  Options options;
  Loader loader;
  GenerationPointer first;
};

/// What both commands begin with; otherwise the exit status, after saying why.
core::Result<Ready, int> prepare(const command::Arguments& arguments,
                                 const command::Terminal& terminal) {
  auto options = options_of(arguments, terminal);
  if (!options) return core::Unexpected(command::fail(terminal, options.error(), usage));
  // A CA that is made now and a time that is asked for must fit each other.
  auto loader = Loader::create(*options, options->at.value_or(clock_now()));
  if (!loader) return core::Unexpected(command::fail(terminal, loader.error(), unusable));
  auto first = loader->load(options->at.value_or(clock_now()));
  if (!first) return core::Unexpected(command::fail(terminal, first.error(), unusable));
  return Ready{*std::move(options), *std::move(loader), *std::move(first)};
}

}  // namespace

int check(const command::Arguments& arguments, const command::Terminal& terminal) {
  const auto ready = prepare(arguments, terminal);
  if (!ready) return ready.error();
  if (!ready->options.release.store.empty()) {
    const auto broker = Deputy::check(ready->options.release, ready->options.state);
    if (!broker) return command::fail(terminal, broker.error(), unusable);
  }
  const Generation& first = *ready->first;
  std::string text = concat("policy ", first.policy_digest, "\n");
  for (const std::string& each : first.rules) text += concat("rule: ", each, "\n");
  for (const Expiry& each : first.expiries) {
    text += concat("until ", codec::to_rfc3339(each.at), ": ", each.kind, " ", each.name, "\n");
  }
  for (const std::string& each : first.warnings) text += concat("warning: ", each, "\n");
  return command::print(terminal, text);
}

int serve(const command::Arguments& arguments, const command::Terminal& terminal) {
  const os::SignalQueue signals{SIGTERM, SIGINT, SIGHUP};
  auto ready = prepare(arguments, terminal);
  if (!ready) return ready.error();
  if (ready->options.workers == 0) {
    ready->options.workers =
        static_cast<std::size_t>(std::max(os::Processors::usable().count(), 1));
  }
  // More connections than files would wait in vain; but fewer of both still serve.
  static_cast<void>(os::allow_open_files());
  auto records = open_records(ready->options.state, &clock_now);
  if (!records) return command::fail(terminal, records.error(), unusable);
  Statistics statistics;
  const auto log = http::Log::start(
      [](std::string_view lines) {
        return os::write_all(os::BorrowedFd(2), core::as_bytes(lines)).has_value();
      },
      [&statistics] { statistics.note_lost_line(); });
  if (!log) return command::fail(terminal, os::describe(log.error()), unusable);
  std::unique_ptr<Deputy> deputy;
  if (!ready->options.release.store.empty()) {
    auto opened = Deputy::open(ready->options.release, ready->options.state);
    if (!opened) return command::fail(terminal, opened.error(), unusable);
    deputy = *std::move(opened);
  }
  std::unique_ptr<Credentials> credentials;
  if (!ready->options.credentials.directory.empty()) {
    auto opened = Credentials::open(ready->options.credentials, clock_now());
    if (!opened) return command::fail(terminal, opened.error(), unusable);
    credentials = *std::move(opened);
  }
  Running running(std::move(ready->options), std::move(ready->loader), std::move(ready->first),
                  **log, statistics, **records, std::move(deputy), std::move(credentials));
  if (const auto started = running.start(); !started) {
    return command::fail(terminal, started.error(), unusable);
  }
  if (const auto state = (*records)->log()) running.say_log(*state);
  running.run(signals);
  return 0;
}

}  // namespace merlon::steward_service
