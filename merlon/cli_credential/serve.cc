#include <mutex>

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

/// Answers by the keys that there were when it was last looked.
class Doorkeeper {
 public:
  Doorkeeper(Door door, const cli::Arguments& arguments)
      : door_(std::make_shared<const Door>(std::move(door))), arguments_(arguments) {}

  /// Whatever the path: a web server asks with that of the request it was asked.
  http::Response answer(const http::Request& request) {
    const auto token = request.header(request_header);
    if (!token) return refusal(401, "credential.missing");
    const codec::UnixTime now = service::clock_now();
    std::shared_ptr<const Door> door = current();
    if (is_to_tidy(now)) door->shown->tidy(door->admission.ends(), now);
    auto judged = door->judge(*token, {}, now);
    // A new epoch has a new key, which the Steward has laid beside the others meanwhile.
    if (!judged && judged.error() == credential::Refusal::UnknownKey && look_again(now)) {
      door = current();
      judged = door->judge(*token, {}, now);
    }
    if (!judged) {
      const bool is_ours = judged.error() == credential::Refusal::Memory;
      return refusal(is_ours ? 503 : 403, credential::code_of(judged.error()));
    }
    http::Response response{204, {{"Cache-Control", "no-store"}}, ""};
    response.headers.push_back({"Merlon-Credential-Policy", base::hex(judged->key->policy.view())});
    response.notes.push_back({"epoch", concat(judged->key->epoch)});
    return response;
  }

 private:
  std::shared_ptr<const Door> current() {
    const std::scoped_lock lock(mutex_);
    return door_;
  }

  /// Whether the keys are read anew; not more often than each few seconds, whoever asks for what.
  bool look_again(codec::UnixTime now) {
    constexpr std::int64_t pause = 5;
    const std::scoped_lock lock(mutex_);
    if (now.seconds - looked_.seconds < pause && looked_ <= now) return false;
    looked_ = now;
    auto admission = admission_of(arguments_);
    if (!admission) return false;  // those of before stay
    door_ = std::make_shared<const Door>(Door{*std::move(admission), door_->shown});
    return true;
  }

  /// Once an hour; at the start door_of() does it.
  bool is_to_tidy(codec::UnixTime now) {
    constexpr std::int64_t pause = 3600;
    const std::scoped_lock lock(mutex_);
    if (now.seconds - tidied_.seconds < pause && tidied_ <= now) return false;
    tidied_ = now;
    return true;
  }

  std::mutex mutex_;  // of all below
  std::shared_ptr<const Door> door_;
  codec::UnixTime looked_;
  codec::UnixTime tidied_ = service::clock_now();
  const cli::Arguments& arguments_;
};

}  // namespace

int serve(const cli::Arguments& arguments, const cli::Terminal& terminal) {
  constexpr int unusable = launch::number(launch::ExitStatus::Unusable);
  constexpr int usage = launch::number(launch::ExitStatus::Usage);
  auto door = door_of(arguments);
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
  Doorkeeper keeper(*std::move(door), arguments);
  http::Settings settings;
  settings.workers = static_cast<std::size_t>(std::max(os::Processors::usable().count(), 1));
  settings.handler = [&](const http::Request& request) { return keeper.answer(request); };
  settings.observe = [&](const http::Exchange& exchange) {
    (*log)->line(http::request_line(service::clock_now(), exchange));
  };
  const auto ended =
      service::serve_until_told({*std::move(listen), {}, true}, std::move(settings), **log);
  return ended ? 0 : cli::fail(terminal, ended.error(), unusable);
}

}  // namespace merlon::cli_credential
