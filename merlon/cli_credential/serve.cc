#include "merlon/base/text.h"
#include "merlon/cli_credential/commands.h"
#include "merlon/cli_credential/door.h"
#include "merlon/http/log.h"
#include "merlon/launch/exit_status.h"
#include "merlon/os/open.h"
#include "merlon/os/processor.h"
#include "merlon/service/front.h"

namespace merlon::cli_credential {

using base::concat;

namespace {

/// In lower case, as requests have it.
constexpr std::string_view request_header = "merlon-credential";

http::Response refusal(unsigned status, std::string_view code) {
  return {status,
          {{"Content-Type", "text/plain; charset=utf-8"}, {"Cache-Control", "no-store"}},
          concat(code, "\n"),
          false,
          {{"code", std::string(code)}}};
}

/// Whatever the path: a web server asks with that of the request it was asked.
http::Response answer(const Door& door, const http::Request& request) {
  const auto token = request.header(request_header);
  if (!token) return refusal(401, "credential.missing");
  const auto judged = door.judge(*token, {}, service::clock_now());
  if (!judged) {
    const bool is_ours = judged.error() == credential::Refusal::Memory;
    return refusal(is_ours ? 503 : 403, credential::code_of(judged.error()));
  }
  http::Response response{204, {{"Cache-Control", "no-store"}}, ""};
  response.headers.push_back({"Merlon-Credential-Policy", base::hex(judged->key->policy.view())});
  response.notes.push_back({"epoch", concat(judged->key->epoch)});
  return response;
}

}  // namespace

int serve(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  constexpr int unusable = launch::number(launch::ExitStatus::Unusable);
  constexpr int usage = launch::number(launch::ExitStatus::Usage);
  const auto door = door_of(arguments);
  if (!door) return cli::fail(terminal, door.error().text, door.error().status);
  if (!door->shown) {
    return cli::fail(terminal, "--store is missing: a token would count as often as it is shown",
                     usage);
  }
  auto listen =
      service::addresses_of(arguments.values("--listen"), http::ListenAddress{"127.0.0.1", 8401});
  if (!listen) return cli::fail(terminal, listen.error(), usage);
  const auto log = service::log_to_stderr();
  if (!log) return cli::fail(terminal, "cannot start a thread", unusable);
  static_cast<void>(os::allow_open_files());
  http::Settings settings;
  settings.workers = static_cast<std::size_t>(std::max(os::Processors::usable().count(), 1));
  settings.handler = [&](const http::Request& request) { return answer(*door, request); };
  settings.observe = [&](const http::Exchange& exchange) {
    (*log)->line(http::request_line(service::clock_now(), exchange));
  };
  const auto ended =
      service::serve_until_told({*std::move(listen), {}, true}, std::move(settings), **log);
  return ended ? 0 : cli::fail(terminal, ended.error(), unusable);
}

}  // namespace merlon::cli_credential
