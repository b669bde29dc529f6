#include "merlon/http/log.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"

namespace merlon::http {

namespace {

constexpr std::size_t longest_text = 200;
/// What a burst of lines has made larger is given back.
constexpr std::size_t most_kept = std::size_t{1} << 20U;

/// Most of it is letters and digits, and written as it is.
void text(codec::JsonWriter& json, std::string_view value) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  const bool is_short = value.size() <= longest_text;
  if (is_short && std::ranges::all_of(value, is_plain)) return json.text(value);
  json.text(base::printable(value, longest_text));
}

void member(codec::JsonWriter& json, std::string_view name, std::string_view value) {
  json.key(name);
  text(json, value);
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

/// As many of them as a pipe takes at once, at least one [LINUX pipe(7), PIPE_BUF].
std::string_view whole_lines(std::string_view lines) {
  constexpr std::size_t at_once = 4096;
  if (lines.size() <= at_once) return lines;
  std::size_t end = lines.rfind('\n', at_once - 1);
  if (end == std::string_view::npos) end = lines.find('\n');
  return end == std::string_view::npos ? lines : lines.substr(0, end + 1);
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

std::string request_line(codec::UnixTime time, const Exchange& exchange, std::string_view path) {
  const Request& request = exchange.request;
  codec::JsonWriter json;
  head(json, time, exchange.response.status >= 500 ? "error" : "info", "request");
  member(json, "peer", request.peer);
  number(json, "port", request.peer_port);
  json.key("tls");
  json.boolean(request.tls);
  member(json, "method", request.method);
  member(json, "path", path);
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
      if (other.name == each.name) text(json, other.value);
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

void Log::line(std::string_view line) {
  {
    const std::scoped_lock lock(mutex_);
    if (lines_ < max_waiting) {
      waiting_.reserve(waiting_.size() + line.size() + 1);  // or nothing of it is there
      if (waiting_.empty()) there_are_lines_.notify_one();
      waiting_ += line;
      waiting_ += '\n';
      ++lines_;
      return;
    }
  }
  when_lost_();
}

void Log::write() noexcept {
  std::unique_lock lock(mutex_);
  while (true) {
    there_are_lines_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    it_ends_.wait_for(lock, rest, [this] { return ending_; });
    while (!waiting_.empty()) {
      std::swap(waiting_, writing_);
      lock.unlock();
      write_out();
      lock.lock();
    }
  }
}

void Log::write_out() noexcept {
  std::string_view left = writing_;
  while (!left.empty()) {
    const std::string_view piece = whole_lines(left);
    left.remove_prefix(piece.size());
    const bool written = sink_(piece);
    const auto lines = static_cast<std::size_t>(std::ranges::count(piece, '\n'));
    for (std::size_t i = 0; !written && i < lines; ++i) when_lost_();
    const std::scoped_lock lock(mutex_);
    lines_ -= std::min(lines, lines_);
  }
  writing_.clear();
  if (writing_.capacity() > most_kept) writing_.shrink_to_fit();
}

}  // namespace merlon::http
