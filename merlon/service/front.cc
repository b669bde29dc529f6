#include "merlon/service/front.h"

#include <csignal>
#include <mutex>

#include "merlon/base/text.h"
#include "merlon/os/open.h"
#include "merlon/os/signals.h"

namespace merlon::service {

using base::concat;

namespace {

/// For requests that have begun when the service is told to end.
constexpr std::chrono::seconds grace{10};

/// What new connections speak TLS with; one thread reads it while another puts a new one there.
class CurrentTls {
 public:
  explicit CurrentTls(tls::Context first) : context_(std::move(first)) {}
  [[nodiscard]] tls::Context get() const {
    const std::scoped_lock lock(mutex_);
    return context_;
  }
  void set(tls::Context next) {
    const std::scoped_lock lock(mutex_);
    context_ = std::move(next);
  }

 private:
  mutable std::mutex mutex_;
  tls::Context context_;
};

void wait_for_the_end(const os::SignalQueue& signals, const Front& front, CurrentTls* tls,
                      http::Log& log) {
  for (;;) {
    const auto signal = signals.wait(std::chrono::minutes(10));
    if (signal == SIGTERM || signal == SIGINT) return;
    if (signal != SIGHUP || tls == nullptr) continue;
    // Connections that are open go on as they are.
    auto again = tls_of(front.tls);
    log.line(http::log_line(clock_now(), again ? "info" : "error", "reload",
                            {{"refused", again ? "" : again.error()}}));
    if (again) tls->set(*std::move(again));
  }
}

}  // namespace

os::Result<std::unique_ptr<http::Log>> log_to_stderr() {
  return http::Log::start(
      [](std::string_view lines) {
        return os::write_all(os::BorrowedFd(2), core::as_bytes(lines)).has_value();
      },
      [] {});
}

std::unique_ptr<oidc::Issuers> issuers_of(const IssuerSettings& settings, http::Log& log) {
  const auto complain = [&log](const std::string& issuer, const std::string& why) {
    log.line(http::log_line(clock_now(), "error", "oidc", {{"issuer", issuer}, {"refused", why}}));
  };
  auto issuers = make_issuers(settings, &clock_now, complain);
  if (issuers && issuers->warm_up()) log.line(http::log_line(clock_now(), "info", "oidc", {}));
  return issuers;
}

Checked<void> serve_until_told(Front front, http::Settings settings, http::Log& log,
                               std::span<const std::string> lines) {
  const os::SignalQueue signals({SIGTERM, SIGINT, SIGHUP});
  // Behind it the server ends, which asks for it.
  std::unique_ptr<CurrentTls> tls;
  if (!front.without_tls) {
    tls = std::make_unique<CurrentTls>(TRY(tls_of(front.tls)));
    settings.tls = [from = tls.get()] { return std::optional(from->get()); };
  }
  auto started = http::Server::start(TRY(listen_on(front.listen)), std::move(settings));
  if (!started) return concat("cannot serve: ", os::describe(started.error()));
  for (const http::ListenAddress& each : front.listen) {
    log.line(http::log_line(clock_now(), "info", "listen",
                            {{"address", http::to_string(each)}, {"tls", tls ? "yes" : "no"}}));
  }
  for (const std::string& each : lines) log.line(each);
  wait_for_the_end(signals, front, tls.get(), log);
  started->stop(grace);
  return {};
}

}  // namespace merlon::service
