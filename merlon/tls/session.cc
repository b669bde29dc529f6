#include "merlon/tls/session.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "merlon/tls/context_inner.h"

namespace merlon::tls {

using core::ErrorCode;
using core::Result;
using net::Readiness;
using net::Side;
using os::Errno;

namespace {

constexpr std::size_t record_size = std::size_t{16} << 10U;
/// What a record is longer than its content, and an answer to a change of keys before it.
constexpr std::size_t most_overhead = 256;
/// What may wait to be sent before no more is taken.
constexpr std::size_t most_waiting = std::size_t{64} << 10U;

// What the library keeps of a connection, as measured (tests `Session`), rounded up.
/// Of each: its state, and a record that has begun.
constexpr std::uint64_t of_each = std::uint64_t{36} << 10U;
/// A message of the handshake whose end has not come: the library makes room for all that its
/// beginning says. Before the end of the handshake, and of a server, it may say 128 KiB.
constexpr std::uint64_t of_long_message = std::uint64_t{176} << 10U;
constexpr std::uint64_t of_message = std::uint64_t{24} << 10U;
/// A certificate that the peer has shown, and how often its bytes are there.
constexpr std::uint64_t of_certificate = std::uint64_t{4} << 10U;
constexpr std::uint64_t copies = 2;
constexpr std::uint64_t of_all_shown = most_shown * of_certificate + copies * most_certificates;

std::uint64_t of_shown(const X509* certificate) noexcept {
  const int size = i2d_X509(certificate, nullptr);
  return of_certificate + copies * static_cast<std::uint64_t>(std::max(size, 0));
}

core::Error no_memory() noexcept { return core::error(ErrorCode::Internal, "no memory for TLS"); }

std::size_t size_of(os::IoVectors vectors) noexcept {
  std::size_t size = 0;
  for (const ::iovec& each : vectors) size += each.iov_len;
  return size;
}

struct IpAddress {
  std::array<unsigned char, 16> bytes{};
  std::size_t size = 0;  ///< 4 or 16; 0: it is none
};

IpAddress address_of(const std::string& name) noexcept {
  IpAddress address;
  if (::inet_pton(AF_INET, name.c_str(), address.bytes.data()) == 1) {
    address.size = 4;
  } else if (::inet_pton(AF_INET6, name.c_str(), address.bytes.data()) == 1) {
    address.size = 16;
  }
  return address;
}

/// The peer's certificate must be for `name`.
bool expect(SSL* ssl, const std::string& name) noexcept {
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl);
  const IpAddress address = address_of(name);
  if (address.size != 0) {
    return X509_VERIFY_PARAM_set1_ip(rules, address.bytes.data(), address.size) == 1;
  }
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  return X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size()) == 1 &&
         SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

Certificate der_of(const X509* certificate) {
  const int size = i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  Certificate der(static_cast<std::size_t>(size));
  unsigned char* at = der.data();
  static_cast<void>(i2d_X509(certificate, &at));
  return der;
}

}  // namespace

const std::uint64_t Session::most_memory = of_each + of_long_message + of_all_shown;

Session::Session(std::shared_ptr<const Context::Inner> context, std::shared_ptr<net::Stream> below,
                 base::Budget* memory) noexcept
    : context_(std::move(context)), share_(memory), ssl_(nullptr, &SSL_free) {
  carrier_.below = std::move(below);
  carrier_.share = base::Share(memory);
}

/// The most that it can come to from here on.
std::uint64_t Session::memory() const {
  const bool judges = SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE;
  if (!done_) return of_each + of_long_message + (judges ? of_all_shown : 0);
  std::uint64_t bytes = of_each + (SSL_is_server(ssl_.get()) != 0 ? of_message : of_long_message);
  if (const X509* const own = SSL_get0_peer_certificate(ssl_.get())) bytes += of_shown(own);
  // A server's view of it is without the peer's own.
  const STACK_OF(X509)* const shown = SSL_get_peer_cert_chain(ssl_.get());
  for (int i = SSL_is_server(ssl_.get()) != 0 ? 0 : 1; i < sk_X509_num(shown); ++i) {
    bytes += of_shown(sk_X509_value(shown, i));
  }
  return bytes;
}

Result<void> Session::begin() {
  ERR_clear_error();
  ssl_.reset(SSL_new(context_->context.get()));
  Owned<BIO> bio = new_bio(*context_->carrier, carrier_);
  if (!ssl_ || !bio) return no_memory();
  BIO* const both = bio.release();
  SSL_set_bio(ssl_.get(), both, both);  // owns it now
  if (context_->now) {
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()), context_->now());
  }
  if (!share_.resize(memory())) {
    return core::error(ErrorCode::Exhausted, "no memory is left for TLS");
  }
  return {};
}

Result<std::unique_ptr<Session>> Session::accept(const Context& context,
                                                 std::shared_ptr<net::Stream> below,
                                                 base::Budget* memory) {
  std::unique_ptr<Session> session(new Session(context.inner_, std::move(below), memory));
  TRY(session->begin());
  SSL_set_accept_state(session->ssl_.get());
  return session;
}

Result<std::unique_ptr<Session>> Session::connect(const Context& context,
                                                  std::shared_ptr<net::Stream> below,
                                                  const std::string& name, base::Budget* memory) {
  if (name.empty() || name.find('\0') != std::string::npos) {
    return core::error(ErrorCode::Malformed, "no name of a server");
  }
  std::unique_ptr<Session> session(new Session(context.inner_, std::move(below), memory));
  TRY(session->begin());
  SSL_set_connect_state(session->ssl_.get());
  if (!expect(session->ssl_.get(), name)) return no_memory();
  return session;
}

void Session::note_trouble() {
  const unsigned long code = ERR_peek_last_error();  // what failed before it led there
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  trouble_ = reason == nullptr ? "the connection ended" : reason;
  const long verified = SSL_get_verify_result(ssl_.get());
  if (verified != X509_V_OK) {
    trouble_ += std::string(": ") + X509_verify_cert_error_string(verified);
  }
  ERR_clear_error();
}

/// What a call that gave `result` comes to.
Errno Session::fail(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return Errno::Again;
    default: break;
  }
  const bool cut = carrier_.ended || carrier_.broken;
  note_trouble();
  failed_ = cut ? Errno::Connreset : Errno::Proto;
  flush();  // the alert that says so
  return *failed_;
}

Session::Handshake Session::shake() {
  if (failed_) return Handshake::Failed;
  if (done_) return Handshake::Done;
  carrier_.budget = Carrier::full_budget;
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1 && fail(result) != Errno::Again) return Handshake::Failed;
  done_ = result == 1;
  if (done_) static_cast<void>(share_.resize(memory()));
  flush();
  return done_ ? Handshake::Done : Handshake::Waiting;
}

os::Result<void> Session::established() {
  switch (shake()) {
    case Handshake::Waiting: return Errno::Again;
    case Handshake::Done: return {};
    case Handshake::Failed: break;
  }
  return *failed_;
}

os::Result<std::size_t> Session::read_some(core::ByteSpan into, bool peek) {
  std::size_t size = 0;
  ERR_clear_error();
  const int result = peek ? SSL_peek_ex(ssl_.get(), into.data(), into.size(), &size)
                          : SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
  if (result == 1) return size;
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
  return fail(result);
}

os::Result<os::Received> Session::receive(os::IoVectors into, os::ReceiveFlags flags) {
  os::Received received;
  if (reading_ended_ || size_of(into) == 0) return received;
  if (const auto ready = established(); !ready) return ready.error();
  carrier_.budget = Carrier::full_budget;
  for (const ::iovec& each : into) {
    // SAFETY: whoever calls lends this memory.
    auto* const bytes = static_cast<std::uint8_t*>(each.iov_base);
    std::size_t filled = 0;
    while (filled < each.iov_len) {
      const auto got = read_some({bytes + filled, each.iov_len - filled}, flags.peek);
      if (!got || *got == 0) {
        flush();
        if (got || received.size > 0) return received;
        return got.error();
      }
      filled += *got;
      received.size += *got;
      if (flags.peek) return received;
    }
  }
  flush();
  return received;
}

os::Result<void> Session::write_record(core::ByteView bytes) {
  std::size_t size = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
  if (result != 1) return fail(result);
  return {};
}

os::Result<std::size_t> Session::send(os::IoVectors from) {
  if (writing_ended_) return Errno::Pipe;
  if (const auto ready = established(); !ready) return ready.error();
  flush();
  std::size_t taken = 0;
  std::array<std::uint8_t, record_size> gathered;
  std::size_t size = 0;
  const auto write_gathered = [&]() -> os::Result<void> {
    if (size == 0) return {};
    if (carrier_.unsent_bytes() >= most_waiting) flush();
    if (carrier_.unsent_bytes() >= most_waiting) return Errno::Again;
    starved_ = !carrier_.make_room(size + most_overhead);
    if (starved_) {
      flush();
      return carrier_.unsent_bytes() > 0 ? Errno::Again : Errno::Nomem;
    }
    const auto written = write_record({gathered.data(), size});
    if (!written) return written.error();
    taken += std::exchange(size, 0);
    return {};
  };
  for (const ::iovec& each : from) {
    // SAFETY: whoever calls lends this memory.
    core::ByteView bytes{static_cast<const std::uint8_t*>(each.iov_base), each.iov_len};
    while (!bytes.empty()) {
      const std::size_t part = std::min(bytes.size(), gathered.size() - size);
      std::copy_n(bytes.begin(), part, gathered.begin() + static_cast<std::ptrdiff_t>(size));
      size += part;
      bytes = bytes.subspan(part);
      if (size < gathered.size()) continue;
      if (const auto written = write_gathered(); !written) {
        flush();
        if (taken > 0) return taken;
        return written.error();
      }
    }
  }
  const auto written = write_gathered();
  flush();
  if (!written && taken == 0) return written.error();
  return taken;
}

os::Result<void> Session::shut_down(bool reading, bool writing) {
  if (reading) reading_ended_ = true;
  if (!writing) return {};
  ends_below_ = true;
  finish();
  return {};
}

void Session::finish() {
  if (!std::exchange(writing_ended_, true) && done_ && !failed_) {
    ERR_clear_error();
    static_cast<void>(SSL_shutdown(ssl_.get()));  // only says our end
    ERR_clear_error();
  }
  flush();
}

void Session::flush() {
  carrier_.flush();
  if (carrier_.unsent_bytes() > 0 || !std::exchange(ends_below_, false)) return;
  static_cast<void>(carrier_.below->shut_down(false, true));
}

short Session::awaits(Side side) const noexcept {
  const bool sends = carrier_.unsent_bytes() > 0;
  const bool writes = side == Side::Write && done_;
  return static_cast<short>((writes ? 0 : POLLIN) | (sends || writes ? POLLOUT : 0));
}

Readiness Session::look(Side side) {
  using Known = Readiness::Known;
  flush();
  if (shake() == Handshake::Waiting) return {Known::No};
  if (failed_ || carrier_.broken) return {Known::Yes, true};
  if (side == Side::Write) {
    const std::size_t waiting = carrier_.unsent_bytes();
    const bool room = writing_ended_ || waiting == 0 || (!starved_ && waiting < most_waiting);
    return {room ? Known::Yes : Known::No};
  }
  if (reading_ended_) return {Known::Yes, true};
  carrier_.budget = Carrier::full_budget;
  std::uint8_t first = 0;
  const auto got = read_some({&first, 1}, true);
  flush();
  if (!got) return {got.error() == Errno::Again ? Known::No : Known::Yes, failed_.has_value()};
  if (*got == 0) return {Known::Yes, true};
  return {Known::Yes, false, static_cast<std::uint64_t>(SSL_pending(ssl_.get()))};
}

Certificate Session::peer_certificate() const {
  const Owned<X509> peer(SSL_get1_peer_certificate(ssl_.get()));
  return peer ? der_of(peer.get()) : Certificate();
}

std::vector<Certificate> Session::verified_chain() const {
  const STACK_OF(X509)* const verified = SSL_get0_verified_chain(ssl_.get());
  if (!done_ || verified == nullptr || SSL_get_verify_result(ssl_.get()) != X509_V_OK) return {};
  std::vector<Certificate> chain;
  for (int i = 0; i < sk_X509_num(verified); ++i) {
    chain.push_back(der_of(sk_X509_value(verified, i)));
  }
  return chain;
}

Result<std::vector<std::uint8_t>> Session::exported(std::string_view label,
                                                    std::size_t size) const {
  std::vector<std::uint8_t> bytes(size);
  ERR_clear_error();
  if (!done_ || SSL_export_keying_material(ssl_.get(), bytes.data(), size, label.data(),
                                           label.size(), nullptr, 0, 0) != 1) {
    ERR_clear_error();
    return core::error(ErrorCode::Unavailable, "no connection that speaks TLS yet");
  }
  return bytes;
}

std::string Session::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  // SAFETY: the library's bytes, copied.
  return {reinterpret_cast<const char*>(name), size};
}

}  // namespace merlon::tls
