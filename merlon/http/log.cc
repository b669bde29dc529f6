#include "merlon/http/log.h"

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"

namespace merlon::http {

namespace {

constexpr std::size_t longest_text = 200;

void member(codec::JsonWriter& json, std::string_view name, std::string_view value) {
  json.key(name);
  json.text(base::printable(value, longest_text));
}

void head(codec::JsonWriter& json, codec::UnixTime time, std::string_view level,
          std::string_view event) {
  json.open_object();
  member(json, "time", codec::to_rfc3339(time));
  member(json, "level", level);
  member(json, "event", event);
}

void number(codec::JsonWriter& json, std::string_view name, std::uint64_t value) {
  json.key(name);
  json.number(value);
}

}  // namespace

std::string log_line(codec::UnixTime time, std::string_view level, std::string_view event,
                     const std::vector<Header>& fields) {
  codec::JsonWriter json;
  head(json, time, level, event);
  for (const Header& each : fields) member(json, each.name, each.value);
  json.close_object();
  return json.result();
}

std::string request_line(codec::UnixTime time, const Exchange& exchange) {
  const Request& request = exchange.request;
  codec::JsonWriter json;
  head(json, time, exchange.response.status >= 500 ? "error" : "info", "request");
  member(json, "peer", request.peer);
  number(json, "port", request.peer_port);
  json.key("tls");
  json.boolean(request.tls);
  member(json, "method", request.method);
  member(json, "path", request.path());
  number(json, "status", exchange.response.status);
  number(json, "received", exchange.received);
  number(json, "sent", content_length(exchange.response));
  number(json, "handling_us", static_cast<std::uint64_t>(exchange.handling.count()));
  number(json, "total_us", static_cast<std::uint64_t>(exchange.total.count()));
  json.key("complete");
  json.boolean(exchange.sent);
  // A certificate each, so a name may come again: a list for each name.
  std::vector<std::string_view> names;
  for (const Header& each : exchange.response.notes) {
    if (std::find(names.begin(), names.end(), each.name) != names.end()) continue;
    names.push_back(each.name);
    json.key(each.name);
    json.open_array();
    for (const Header& other : exchange.response.notes) {
      if (other.name == each.name) json.text(base::printable(other.value, longest_text));
    }
    json.close_array();
  }
  json.close_object();
  return json.result();
}

os::Result<std::unique_ptr<Log>> Log::start(Sink sink, std::function<void()> when_lost) {
  std::unique_ptr<Log> log(new Log);
  log->sink_ = std::move(sink);
  log->when_lost_ = std::move(when_lost);
  const auto run = [](void* self) noexcept { static_cast<Log*>(self)->write(); };
  log->thread_.emplace(TRY(os::Thread::start(run, log.get())));
  return log;
}

Log::~Log() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  there_are_lines_.notify_all();
  it_ends_.notify_all();
  thread_.reset();  // joins
}

void Log::line(std::string line) {
  line += '\n';
  {
    const std::scoped_lock lock(mutex_);
    if (lines_.size() < max_waiting) {
      lines_.push_back(std::move(line));
      there_are_lines_.notify_one();
      return;
    }
  }
  when_lost_();
}

void Log::write() noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    there_are_lines_.wait(lock, [this] { return ending_ || !lines_.empty(); });
    if (lines_.empty()) return;
    it_ends_.wait_for(lock, rest, [this] { return ending_; });
    while (!lines_.empty()) {
      const std::string line = std::move(lines_.front());
      lines_.pop_front();
      lock.unlock();
      if (!sink_(line)) when_lost_();
      lock.lock();
    }
  }
}

}  // namespace merlon::http
