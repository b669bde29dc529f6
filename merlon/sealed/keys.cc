#include "merlon/sealed/keys.h"

#include <algorithm>

#include "merlon/base/byte_writer.h"
#include "merlon/crypto/hkdf.h"

namespace merlon::sealed {

using core::ByteView;

namespace {

constexpr std::size_t nonce_size = crypto::gcm_nonce_size;
constexpr std::size_t tag_size = crypto::gcm_tag_size;

/// HKDF of a whole secret of somebody's; the salt keeps it apart from whatever else is made of it.
Secret derive(const Secret& secret, ByteView info, std::size_t size = secret_size) {
  constexpr std::string_view salt = "merlon/sealed/1";
  const Secret extracted = crypto::hkdf_extract(core::as_bytes(salt), secret.reveal());
  return crypto::hkdf_expand(extracted.reveal(), info, size);
}

/// Texts have their sizes before them, so that no two lists of parts give the same bytes.
class Info {
 public:
  explicit Info(std::string_view label) { text(label); }
  Info& text(std::string_view view) {
    out_.u32(static_cast<std::uint32_t>(view.size()));
    out_.text(view);
    return *this;
  }
  Info& fixed(ByteView view) {
    out_.bytes(view);
    return *this;
  }
  [[nodiscard]] std::vector<std::uint8_t> take() { return out_.take(); }

 private:
  base::ByteWriter out_;
};

KeyCheck check_of(const Secret& root, ByteView info) {
  const Secret bytes = derive(root, info, KeyCheck::size);
  return KeyCheck::from(bytes.reveal()).value();
}

crypto::AesGcmKey expanded(const Secret& volume_key, ByteView info) {
  const Secret key = crypto::hkdf_expand(volume_key.reveal(), info, crypto::AesGcmKey::size);
  return crypto::AesGcmKey(key.reveal());
}

}  // namespace

Secret platform_slot_key(const Secret& root, const VolumeId& id, const Workload& workload,
                         std::string_view name, Binding binding) {
  Info info("platform slot");
  info.fixed(id.view()).fixed(workload.tenant.view()).text(name);
  switch (binding) {
    case Binding::Tenant: info.text("tenant"); break;
    case Binding::Workload:
      info.text("workload").fixed(workload.module.view()).fixed(workload.configuration.view());
      break;
  }
  return derive(root, info.take());
}

Secret recovery_slot_key(const Secret& recovery, const VolumeId& id, std::string_view name) {
  return derive(recovery, Info("recovery slot").fixed(id.view()).text(name).take());
}

KeyCheck platform_check(const Secret& root, const VolumeId& id) {
  return check_of(root, Info("platform check").fixed(id.view()).take());
}

KeyCheck tenant_check(const Secret& root, const VolumeId& id, const crypto::Sha256Digest& tenant,
                      std::string_view name) {
  return check_of(root,
                  Info("tenant check").fixed(id.view()).fixed(tenant.view()).text(name).take());
}

Slot seal_slot(const Secret& slot_key, const Header& header, const crypto::AesGcmKey::Nonce& nonce,
               const Secret& volume_key) {
  const crypto::AesGcmKey key(slot_key.reveal());
  const auto sealed = key.seal(nonce, header.common(), volume_key.reveal());
  base::ByteWriter out;
  out.bytes(nonce);
  out.bytes(sealed.text);
  out.bytes(sealed.tag);
  return Slot::from(out.take()).value();
}

std::optional<Secret> open_slot(const Secret& slot_key, const Header& header, const Slot& slot) {
  const crypto::AesGcmKey key(slot_key.reveal());
  crypto::AesGcmKey::Nonce nonce{};
  crypto::AesGcmKey::Tag tag{};
  std::ranges::copy(slot.view().first(nonce_size), nonce.begin());
  std::ranges::copy(slot.view().last(tag_size), tag.begin());
  const ByteView text = slot.view().subspan(nonce_size, secret_size);
  auto opened = key.open(nonce, header.common(), text, tag);
  if (!opened) return std::nullopt;
  return Secret(*std::move(opened));
}

crypto::AesGcmKey index_key(const Secret& volume_key, const Salt& salt) {
  return expanded(volume_key, Info("index").fixed(salt.view()).take());
}

crypto::AesGcmKey object_key(const Secret& volume_key, const ObjectId& id) {
  return expanded(volume_key, Info("object").fixed(id.view()).take());
}

}  // namespace merlon::sealed
