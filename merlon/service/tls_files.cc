#include "merlon/service/tls_files.h"

#include "merlon/base/text.h"
#include "merlon/codec/pem.h"
#include "merlon/os/open.h"

namespace merlon::service {

using base::concat;

Checked<std::vector<std::uint8_t>> read_small_file(const std::string& path) {
  constexpr std::size_t largest = 256U << 10U;
  const auto file = os::open_file(path);
  if (!file) return concat(base::printable(path), ": ", os::describe(file.error()));
  auto bytes = os::read_all(*file, largest);
  if (!bytes) return concat(base::printable(path), ": ", os::describe(bytes.error()));
  return *std::move(bytes);
}

namespace {

Checked<std::vector<tls::Certificate>> read_certificates(const std::string& path) {
  const auto bytes = TRY(read_small_file(path));
  auto all = codec::pem_certificates(core::as_text(bytes));
  if (!all) return concat(base::printable(path), ": ", all.error().what);
  return *std::move(all);
}

}  // namespace

Checked<tls::Context> tls_of(const TlsFiles& files) {
  tls::ServerSettings settings;
  const crypto::SecretBytes pem(TRY(read_small_file(files.key)));
  const auto key = crypto::PrivateKey::from_pem(pem.reveal());
  if (!key) return concat(base::printable(files.key), ": ", key.error().message());
  settings.identity = {TRY(read_certificates(files.certificate)), &*key};
  if (!files.clients.empty()) {
    settings.client =
        files.must_show ? tls::ClientCertificate::Require : tls::ClientCertificate::Request;
    settings.trust = TRY(read_certificates(files.clients));
  }
  settings.alpn = {"http/1.1"};
  auto context = tls::Context::server(settings);
  if (!context) {
    return concat(base::printable(files.certificate), ": ", context.error().message());
  }
  return *std::move(context);
}

}  // namespace merlon::service
