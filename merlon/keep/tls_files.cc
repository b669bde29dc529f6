#include "merlon/keep/tls_files.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/keep/trust.h"
#include "merlon/net/wait.h"
#include "merlon/tls/listener.h"
#include "merlon/wasi/preopen.h"

namespace merlon::keep {

using base::concat;

namespace {

constexpr std::uint64_t handshake_time = 30'000'000'000;

tls::ClientCertificate wish_of(launch::ClientCertificate client) noexcept {
  switch (client) {
    case launch::ClientCertificate::None: return tls::ClientCertificate::None;
    case launch::ClientCertificate::Request: return tls::ClientCertificate::Request;
    case launch::ClientCertificate::Require: break;
  }
  return tls::ClientCertificate::Require;
}

/// How a listener speaks: by what the keep shows at the time.
class ShownContext {
 public:
  ShownContext(const crypto::PrivateKey& key, std::shared_ptr<const Shown> shown, Now now,
               launch::TlsSettings settings)
      : key_(&key),
        shown_(std::move(shown)),
        now_(std::move(now)),
        settings_(std::move(settings)) {}

  core::Result<void> remake() {
    context_.reset();
    version_ = shown_->version;
    const Vouching& vouching = shown_->vouching;
    context_ =
        TRY(tls::Context::server({.identity = {vouching.chain, key_},
                                  .client = wish_of(settings_.client),
                                  .trust = certificates_of(settings_.trust, vouching.steward),
                                  .alpn = settings_.alpn,
                                  .now = now_}));
    return {};
  }

  std::optional<tls::Context> operator()() {
    // Peers differ on the last second, and the handshake takes time.
    constexpr std::int64_t margin = 2;
    if (now_() + margin > shown_->vouching.until) return std::nullopt;
    if (version_ != shown_->version && !remake()) return std::nullopt;
    return context_;
  }

 private:
  const crypto::PrivateKey* key_;
  std::shared_ptr<const Shown> shown_;
  Now now_;
  launch::TlsSettings settings_;
  std::optional<tls::Context> context_;
  std::uint64_t version_ = 0;
};

/// Those who have only begun may have half of it.
tls::HandshakeLimits limits_of(const Part& memory) {
  constexpr std::uint64_t fewest = 16;
  tls::HandshakeLimits limits;
  const std::uint64_t fitting = memory.most() / 2 / tls::Session::most_memory;
  limits.open = std::clamp(fitting, fewest, std::uint64_t{limits.open});
  return limits;
}

std::string text_of(const core::Error& error) { return std::string(error.message()); }

}  // namespace

core::Result<wasi::FdEntry, std::string> TlsFiles::listener(const launch::TlsSettings& settings,
                                                            os::Fd socket) const {
  ShownContext context(key_, shown_, now_, settings);
  if (const auto made = context.remake(); !made) return text_of(made.error());
  auto entry = wasi::listening_socket(std::move(socket));
  if (!entry) return text_of(entry.error());
  entry->listener = std::make_unique<tls::Listener>(std::move(context), std::move(entry->listener),
                                                    limits_of(memory_), &memory_);
  entry->flags = wasi::fdflags::nonblock;
  return *std::move(entry);
}

core::Result<tls::Context> TlsFiles::opening(const launch::TlsSettings& settings) const {
  const auto is_stale = [&](const Opening& each) { return each.version != shown_->version; };
  std::erase_if(*openings_, is_stale);
  for (const Opening& each : *openings_) {
    if (each.trust == settings.trust && each.alpn == settings.alpn) return each.context;
  }
  auto context =
      TRY(tls::Context::client({.identity = {shown_->vouching.chain, &key_},
                                .trust = certificates_of(settings.trust, shown_->vouching.steward),
                                .alpn = settings.alpn,
                                .now = now_}));
  openings_->push_back({settings.trust, settings.alpn, shown_->version, context});
  return context;
}

core::Result<std::shared_ptr<tls::Session>> TlsFiles::session(
    const launch::TlsSettings& settings, std::shared_ptr<net::Stream> below) const {
  return std::shared_ptr<tls::Session>(TRY(tls::Session::connect(
      TRY(opening(settings)), std::move(below), settings.server_name, &memory_)));
}

core::Result<wasi::FdEntry, std::string> TlsFiles::connection(const launch::TlsSettings& settings,
                                                              os::Fd socket) const {
  auto entry = wasi::connected_socket(std::move(socket));
  if (!entry) return text_of(entry.error());
  const auto made = this->session(settings, std::move(entry->stream));
  if (!made) return text_of(made.error());
  const std::shared_ptr<tls::Session>& session = *made;
  const std::uint64_t deadline = net::deadline_after(handshake_time);
  for (;;) {
    switch (session->shake()) {
      case tls::Session::Handshake::Waiting: break;
      case tls::Session::Handshake::Failed:
        return concat("no TLS with ", base::quoted(settings.server_name), ": ", session->trouble());
      case tls::Session::Handshake::Done: entry->stream = session; return *std::move(entry);
    }
    if (!net::wait(*session, net::Side::Read, deadline)) {
      return concat("no TLS with ", base::quoted(settings.server_name), " in time");
    }
  }
}

}  // namespace merlon::keep
