#include "merlon/cli_registry/tag_keys.h"

#include "merlon/base/text.h"
#include "merlon/crypto/public_half.h"
#include "merlon/os/open.h"

namespace merlon::cli_registry {

using base::concat;

namespace {

Failure about(const std::string& path, std::string_view why) {
  return {concat(base::printable(path), ": ", why)};
}

Result<crypto::SecretBytes> read_key(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return about(path, os::describe(file.error()));
  auto bytes = os::read_all(*file, crypto::PrivateKey::max_pem_size);
  if (!bytes) return about(path, os::describe(bytes.error()));
  return crypto::SecretBytes(*std::move(bytes));
}

}  // namespace

Result<std::string> signed_by(const std::string& path, std::string_view name,
                              const LocalPackage& package) {
  const crypto::SecretBytes pem = TRY(read_key(path));
  const auto key = crypto::PrivateKey::from_pem(pem.reveal());
  if (!key) return about(path, key.error().message());
  auto tag = registry::sign_tag(name, package.nodes.front().meta, *key);
  if (!tag) return about(path, tag.error().message());
  return *std::move(tag);
}

Result<registry::Meta> signed_root(const std::string& path, const std::string& shown,
                                   std::string_view name, std::string_view text) {
  const crypto::SecretBytes pem = TRY(read_key(path));
  const auto half = crypto::public_half_from_pem(pem.reveal());
  if (!half) return about(path, half.error().message());
  const auto* const point = std::get_if<crypto::EcPublicHalf>(&*half);
  if (point == nullptr || point->curve != crypto::KeyKind::P256) {
    return about(path, "tags are signed by a key of P-256");
  }
  const auto key = crypto::PublicKey::ec(point->curve, point->point);
  if (!key) return about(path, key.error().message());
  const Failure unsigned_tag{concat(shown, ": the tag is not signed"), Status::Untrue};
  if (text.empty()) return unsigned_tag;
  auto root = registry::verify_tag(text, name, *key);
  if (!root && root.error().code == core::ErrorCode::NotFound) return unsigned_tag;
  if (!root) return Failure{concat(shown, ": ", root.error().message()), Status::Untrue};
  return *std::move(root);
}

Result<void> check_signature(const std::string& path, const registry::Slug& slug,
                             const registry_client::Client::Tag& tag) {
  const registry::Meta root =
      TRY(signed_root(path, slug.text(), registry::signed_name(slug), tag.text));
  // What stands beside a signature nobody has signed.
  if (!tag.entry.is_signed || tag.entry.root != root) {
    return Failure{concat(slug.text(), ": the tag says something else than what was signed"),
                   Status::Untrue};
  }
  return {};
}

}  // namespace merlon::cli_registry
