#include "merlon/tls/context.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "merlon/crypto/native_key.h"
#include "merlon/tls/carrier.h"
#include "merlon/tls/context_inner.h"
#include "merlon/tls/ready.h"

namespace merlon::tls {

using core::ErrorCode;
using core::Result;

namespace {

constexpr const char* suites =
    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* groups = "X25519:P-384:P-256";
constexpr int most_chain = 5;

core::Error internal(const char* what) noexcept { return core::error(ErrorCode::Internal, what); }

Result<Owned<X509>> parse(const Certificate& der) {
  const unsigned char* at = der.data();
  Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate || at != der.data() + der.size()) {
    return core::error(ErrorCode::Malformed, "not a certificate");
  }
  return certificate;
}

Result<Owned<SSL_CTX>> new_context(const SSL_METHOD* method) {
  if (!ready()) return internal("TLS cannot be started");
  ERR_clear_error();
  Owned<SSL_CTX> made(SSL_CTX_new(method));
  SSL_CTX* const context = made.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(context, suites) != 1 ||
      SSL_CTX_set1_groups_list(context, groups) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1) {
    return internal("TLS 1.3 cannot be set up");
  }
  constexpr int strength = 2;  // 112 bits
  SSL_CTX_set_security_level(context, strength);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_max_cert_list(context, most_certificates);
  SSL_CTX_set_verify_depth(context, most_chain);
  return made;
}

Result<void> show(SSL_CTX* context, const Identity& identity) {
  if (identity.chain.empty() || identity.key == nullptr) {
    return core::error(ErrorCode::Denied, "a server without a certificate and its key");
  }
  const Owned<X509> own = TRY(parse(identity.chain.front()));
  if (SSL_CTX_use_certificate(context, own.get()) != 1) {
    return core::error(ErrorCode::Malformed, "a certificate that cannot be used for TLS");
  }
  for (std::size_t i = 1; i < identity.chain.size(); ++i) {
    const Owned<X509> above = TRY(parse(identity.chain[i]));
    if (SSL_CTX_add1_chain_cert(context, above.get()) != 1) return internal("no memory for TLS");
  }
  if (SSL_CTX_use_PrivateKey(context, crypto::NativeKey::of(*identity.key)) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return core::error(ErrorCode::Malformed, "a key that is not the certificate's");
  }
  return {};
}

/// Each that was shown is kept for as long as the connection, and takes some twenty times what it
/// takes on the wire if it is small.
int verify_few(X509_STORE_CTX* shown, void* /*nothing*/) {
  if (sk_X509_num(X509_STORE_CTX_get0_untrusted(shown)) > static_cast<int>(most_shown)) {
    X509_STORE_CTX_set_error(shown, X509_V_ERR_CERT_CHAIN_TOO_LONG);
    return 0;
  }
  return X509_verify_cert(shown);
}

Result<void> believe(SSL_CTX* context, const std::vector<Certificate>& anchors, int mode) {
  if (anchors.empty()) return core::error(ErrorCode::Denied, "nobody is trusted");
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  for (const Certificate& each : anchors) {
    const Owned<X509> anchor = TRY(parse(each));
    if (X509_STORE_add_cert(store, anchor.get()) != 1) return internal("no memory for TLS");
  }
  // An anchor need not be self-signed: what was named is trusted, whoever else vouches for it.
  if (X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN) != 1) {
    return internal("TLS cannot be set up");
  }
  SSL_CTX_set_verify(context, mode, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &verify_few, nullptr);
  return {};
}

Result<std::string> wire_form(const std::vector<std::string>& protocols) {
  constexpr std::size_t longest = 255;
  std::string wire;
  for (const std::string& each : protocols) {
    if (each.empty() || each.size() > longest) {
      return core::error(ErrorCode::Malformed, "a protocol's name of 0 or more than 255 bytes");
    }
    wire.push_back(static_cast<char>(each.size()));
    wire += each;
  }
  return wire;
}

// SAFETY: the library's own bytes for ours, for the length of a call.
const unsigned char* as_unsigned(const std::string& text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

int choose_protocol(SSL* /*session*/, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void* wanted) {
  const auto& ours = *static_cast<const std::string*>(wanted);
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, as_unsigned(ours), static_cast<unsigned>(ours.size()),
                            offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<Context> Context::server(const ServerSettings& settings) {
  auto inner = std::make_shared<Inner>();
  inner->context = TRY(new_context(TLS_server_method()));
  SSL_CTX* const context = inner->context.get();
  TRY(show(context, settings.identity));
  const bool required = settings.client == ClientCertificate::Require;
  if (settings.client != ClientCertificate::None) {
    TRY(believe(context, settings.trust,
                SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0)));
  }
  inner->alpn = TRY(wire_form(settings.alpn));
  if (!inner->alpn.empty()) {
    SSL_CTX_set_alpn_select_cb(context, &choose_protocol, &inner->alpn);
  }
  inner->carrier = TRY(new_carrier());
  inner->now = settings.now;
  return Context(std::move(inner));
}

Result<Context> Context::client(const ClientSettings& settings) {
  auto inner = std::make_shared<Inner>();
  inner->context = TRY(new_context(TLS_client_method()));
  SSL_CTX* const context = inner->context.get();
  if (settings.identity.key != nullptr) TRY(show(context, settings.identity));
  TRY(believe(context, settings.trust, SSL_VERIFY_PEER));
  inner->alpn = TRY(wire_form(settings.alpn));
  if (!inner->alpn.empty() &&
      SSL_CTX_set_alpn_protos(context, as_unsigned(inner->alpn),
                              static_cast<unsigned>(inner->alpn.size())) != 0) {
    return internal("no memory for TLS");
  }
  inner->carrier = TRY(new_carrier());
  inner->now = settings.now;
  return Context(std::move(inner));
}

ssl_ctx_st* Context::native() const noexcept { return inner_->context.get(); }

}  // namespace merlon::tls
