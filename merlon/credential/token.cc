#include "merlon/credential/token.h"

#include "merlon/codec/base64.h"

namespace merlon::credential {

std::string Token::to_text() const {
  Bytes bytes(key.view().begin(), key.view().end());
  bytes.insert(bytes.end(), presentation.begin(), presentation.end());
  return codec::encode_base64url(bytes);
}

core::Result<Token> Token::parse(std::string_view text) {
  if (text.size() > max_size) {
    return core::error(core::ErrorCode::Exhausted, "a token that is too long", text.size());
  }
  const Bytes bytes = TRY(codec::decode_base64url(text));
  core::Reader reader(bytes);
  const KeyId key = TRY(KeyId::read(reader));
  const core::ByteView rest = TRY(reader.bytes(reader.remaining()));
  return Token{key, {rest.begin(), rest.end()}};
}

}  // namespace merlon::credential
