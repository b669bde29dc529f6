#include "merlon/cli_deploy/tenant_key.h"

#include "merlon/base/text.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Status;

cli_evidence::Result<crypto::PrivateKey> tenant_key(const cli::Arguments& arguments) {
  if (!arguments.has("--key")) {
    auto made = crypto::PrivateKey::generate(crypto::KeyKind::P256);
    if (made) return *std::move(made);
    return Failure{std::string(made.error().message()), Status::Unusable};
  }
  const std::string path = arguments.value("--key");
  auto bytes = TRY(cli_evidence::read_bytes(path, crypto::PrivateKey::max_pem_size));
  const crypto::SecretBytes text(std::move(bytes));
  auto key = crypto::PrivateKey::from_pem(text.reveal());
  if (!key) return cli_evidence::not_parsed(path, key.error());
  if (key->kind() != crypto::KeyKind::P256) {
    return Failure{concat(base::printable(path), ": a tenant's key is of P-256"), Status::Unusable};
  }
  return *std::move(key);
}

}  // namespace merlon::cli_deploy
