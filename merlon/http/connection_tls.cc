#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "merlon/http/connection.h"

namespace merlon::http {

namespace {

/// A session together with what it was made of: the library's own reference does not keep alive
/// what the context's callbacks use.
class TlsStream : public boost::asio::ssl::stream<Tcp::socket> {
 public:
  TlsStream(Tcp::socket socket, SSL* session, tls::Context context)
      : stream(std::move(socket), session), context_(std::move(context)) {}

 private:
  tls::Context context_;
};

}  // namespace

std::vector<std::uint8_t> peer_certificate(::ssl_st* session) {
  X509* const certificate = SSL_get0_peer_certificate(session);
  const int size = certificate == nullptr ? 0 : i2d_X509(certificate, nullptr);
  if (size <= 0) return {};
  std::vector<std::uint8_t> der(static_cast<std::size_t>(size));
  std::uint8_t* end = der.data();
  if (i2d_X509(certificate, &end) != size) return {};
  return der;
}

void serve_tls(Core& core, Tcp::socket socket, Peer peer, tls::Context context) {
  SSL* const session = SSL_new(context.native());
  if (session == nullptr) {
    core.peers.remove(peer.address);
    ++core.counters.handshake_failures;
    return;
  }
  TlsStream stream(std::move(socket), session, std::move(context));
  std::make_shared<Connection<TlsStream>>(core, std::move(stream), std::move(peer))->begin();
}

}  // namespace merlon::http
