#include "merlon/gatehouse/tls_of.h"

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/os/open.h"

namespace merlon::gatehouse {

using base::concat;

namespace {

Checked<std::vector<std::uint8_t>> read_file(const std::string& path) {
  constexpr std::size_t largest = 256U << 10U;
  const auto file = os::open_file(path);
  if (!file) return concat(base::printable(path), ": ", os::describe(file.error()));
  auto bytes = os::read_all(*file, largest);
  if (!bytes) return concat(base::printable(path), ": ", os::describe(bytes.error()));
  return *std::move(bytes);
}

Checked<std::vector<tls::Certificate>> read_certificates(const std::string& path) {
  const auto bytes = TRY(read_file(path));
  auto all = codec::pem_certificates(core::as_text(bytes));
  if (!all) return concat(base::printable(path), ": ", all.error().what);
  return *std::move(all);
}

}  // namespace

Checked<tls::Context> tls_of(const Options& options) {
  tls::ServerSettings settings;
  const crypto::SecretBytes pem(TRY(read_file(options.tls_key)));
  const auto key = crypto::PrivateKey::from_pem(pem.reveal());
  if (!key) return concat(base::printable(options.tls_key), ": ", key.error().message());
  settings.identity = {TRY(read_certificates(options.tls_certificate)), &*key};
  if (!options.tenants.empty()) {
    // A token does instead of a certificate.
    settings.client =
        options.issuers.empty() ? tls::ClientCertificate::Require : tls::ClientCertificate::Request;
    settings.trust = TRY(read_certificates(options.tenants));
  }
  settings.alpn = {"http/1.1"};
  auto context = tls::Context::server(settings);
  if (!context) {
    return concat(base::printable(options.tls_certificate), ": ", context.error().message());
  }
  return *std::move(context);
}

}  // namespace merlon::gatehouse
