#pragma once

// How a server or a client speaks TLS: 1.3 only, with the suites and groups that Enarx has [ENARX
// crates/exec-wasmtime/src/runtime/net/tls.rs; RFC8446]. No sessions are resumed and nothing is
// sent before the handshake is over, so that no connection outlives what was judged at its start.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/crypto/private_key.h"

struct ssl_ctx_st;
struct bio_method_st;

namespace merlon::tls {

/// DER of one certificate.
using Certificate = std::vector<std::uint8_t>;

/// Who one is.
struct Identity {
  std::vector<Certificate> chain;           ///< one's own first
  const crypto::PrivateKey* key = nullptr;  ///< only needed while a context is made
};

/// What a server wants of its clients.
enum class ClientCertificate : std::uint8_t {
  None,     ///< is not asked for
  Request,  ///< may be shown; if it is, it must hold
  Require,
};

struct ServerSettings {
  Identity identity{};
  ClientCertificate client = ClientCertificate::None;
  std::vector<Certificate> trust{};  ///< whose clients; must not be empty if any are asked for
  std::vector<std::string> alpn{};  ///< in the order of preference; empty: the extension is ignored
  /// Seconds since 1970 by which certificates are judged; empty: the system's clock.
  std::function<std::int64_t()> now{};
};

struct ClientSettings {
  Identity identity{};               ///< shown if the server asks for it; without key: none
  std::vector<Certificate> trust{};  ///< whose servers; must not be empty
  std::vector<std::string> alpn{};
  std::function<std::int64_t()> now{};
};

/// Copies share one immutable object; any thread. Sessions keep it alive.
class Context {
 public:
  // Errors: Denied (trust in nobody, where somebody is to be judged) · Malformed (a certificate, or
  // a key that is not the certificate's; a protocol's name) · Internal (the library).
  [[nodiscard]] static core::Result<Context> server(const ServerSettings& settings);
  [[nodiscard]] static core::Result<Context> client(const ClientSettings& settings);

  /// For who drives the library by other means than a Session. Borrowed.
  [[nodiscard]] ssl_ctx_st* native() const noexcept;

 private:
  friend class Session;
  struct Inner;
  explicit Context(std::shared_ptr<const Inner> inner) noexcept : inner_(std::move(inner)) {}

  std::shared_ptr<const Inner> inner_;
};

}  // namespace merlon::tls
