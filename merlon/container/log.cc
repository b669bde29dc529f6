#include "merlon/container/log.h"

#include "merlon/base/text.h"
#include "merlon/codec/json_writer.h"
#include "merlon/codec/time.h"
#include "merlon/os/clock.h"
#include "merlon/os/open.h"

namespace merlon::container {

using base::concat;

Log::Log(const std::string& path, Form form) : form_(form) {
  if (path.empty()) return;
  auto file = os::open_record(path);
  if (file) file_ = *std::move(file);
}

void Log::line(std::string_view level, std::string_view text) const {
  if (!file_.is_open()) return;
  constexpr std::uint64_t second = 1'000'000'000;
  const auto now = os::now(os::Clock::Realtime);
  const std::string time = codec::to_rfc3339({now ? static_cast<std::int64_t>(*now / second) : 0});
  std::string line;
  if (form_ == Form::Json) {
    codec::JsonWriter json;
    json.open_object();
    json.key("level");
    json.text(level);
    json.key("msg");
    json.text(text);
    json.key("time");
    json.text(time);
    json.close_object();
    line = concat(json.result(), "\n");
  } else {
    constexpr std::size_t longest = 8192;
    line = concat("time=", time, " level=", level, " msg=", base::quoted(text, longest), "\n");
  }
  static_cast<void>(os::write_all(file_, core::as_bytes(line)));
}

}  // namespace merlon::container
