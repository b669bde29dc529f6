#include "merlon/credential/admission.h"

#include <array>

namespace merlon::credential {

namespace {

struct Row {
  std::string_view code;
  std::string_view text;
};

constexpr auto rows = std::array{
#define MERLON_ADMISSION_ROW(name, code, what) Row{code, what},
#include "merlon/credential/refusals.def"
#undef MERLON_ADMISSION_ROW
};

}  // namespace

std::string_view code_of(Refusal refusal) noexcept {
  return rows[static_cast<std::size_t>(refusal)].code;
}

std::string_view text_of(Refusal refusal) noexcept {
  return rows[static_cast<std::size_t>(refusal)].text;
}

void Admission::add(IssuingKey key) {
  const KeyId id = key.id();
  keys_.insert_or_assign(id, std::move(key));
}

std::vector<std::pair<KeyId, codec::UnixTime>> Admission::ends() const {
  std::vector<std::pair<KeyId, codec::UnixTime>> ends;
  for (const auto& [id, key] : keys_) ends.emplace_back(id, key.record().not_after);
  return ends;
}

core::Result<Admitted, Refusal> Admission::judge(std::string_view text, core::ByteView bound_to,
                                                 codec::UnixTime now,
                                                 const Remember& remember) const {
  const auto token = Token::parse(text);
  if (!token) return Refusal::Form;
  const auto found = keys_.find(token->key);
  if (found == keys_.end()) return Refusal::UnknownKey;
  const IssuingKey& key = found->second;
  if (key.record().development && !development_) return Refusal::Development;
  if (!key.record().is_valid_at(now)) return Refusal::NotNow;
  const auto shown = zk::ArcPresentation::decode(token->presentation, key.record().limit);
  if (!shown) return Refusal::Form;
  const auto verified = zk::arc_verify(key.private_half(), request_context(key.id()),
                                       presentation_context(key.id(), audience_), bound_to, *shown,
                                       key.record().limit);
  if (!verified) return Refusal::Proof;
  const auto tag_bytes = shown->tag.encode();
  if (!tag_bytes) return Refusal::Proof;
  const Tag tag = Tag::from(crypto::sha256({tag_bytes->view()}).view()).value();
  const auto is_new = remember(key.id(), tag);
  if (!is_new) return Refusal::Memory;
  if (!*is_new) return Refusal::Again;
  return Admitted{&key.record(), tag};
}

}  // namespace merlon::credential
