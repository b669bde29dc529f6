#include "merlon/snp/key_request.h"

#include <algorithm>

namespace merlon::snp {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

template <typename T>
void put(std::vector<std::uint8_t>& out, T number) {
  for (unsigned i = 0; i < sizeof(T); ++i) {
    out.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
  }
}

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

bool all_zero(ByteView bytes) {
  return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0; });
}

Result<RootKey> root_of(std::uint32_t number) {
  for (const RootKey each :
       {RootKey::VlekIfThereIsOne, RootKey::Vmrk, RootKey::Vcek, RootKey::Vlek}) {
    if (number == static_cast<std::uint32_t>(each)) return each;
  }
  return malformed("a request for a key of a root that there is none of");
}

}  // namespace

std::vector<std::uint8_t> KeyRequest::bytes() const {
  std::vector<std::uint8_t> out;
  out.reserve(size);
  put(out, static_cast<std::uint32_t>(root));
  put(out, std::uint32_t{0});
  put(out, fields);
  put(out, vmpl);
  put(out, guest_svn);
  out.insert(out.end(), tcb.view().begin(), tcb.view().end());
  return out;
}

Result<KeyRequest> KeyRequest::parse(ByteView payload) {
  if (payload.size() != size) return malformed("no request for a key");
  core::Reader reader(payload);
  KeyRequest made;
  made.root = TRY(root_of(TRY(reader.u32())));
  if (TRY(reader.u32()) != 0) return malformed("reserved bytes of a key's request are not zero");
  made.fields = TRY(reader.u64());
  if ((made.fields & ~all_key_fields) != 0) return malformed("a key of fields that are unknown");
  made.vmpl = TRY(reader.u32());
  if (made.vmpl > 3) return malformed("a request for the key of a VMPL that there is none of");
  made.guest_svn = TRY(reader.u32());
  made.tcb = TRY(TcbVersion::read(reader));
  return made;
}

std::vector<std::uint8_t> KeyResponse::bytes() const {
  std::vector<std::uint8_t> out;
  out.reserve(size);  // so that no copy of the key is left behind
  put(out, static_cast<std::uint32_t>(status));
  out.resize(size - key_size, 0);
  if (status == KeyStatus::Success) {
    out.insert(out.end(), key.reveal().begin(), key.reveal().end());
  }
  out.resize(size, 0);
  return out;
}

Result<KeyResponse> KeyResponse::parse(ByteView payload) {
  if (payload.size() != size) return malformed("no answer to a request for a key");
  core::Reader reader(payload);
  const std::uint32_t status = TRY(reader.u32());
  const ByteView reserved = TRY(reader.bytes(size - key_size - sizeof status));
  if (!all_zero(reserved)) return malformed("reserved bytes of a key's answer are not zero");
  KeyResponse made;
  for (const KeyStatus each : {KeyStatus::InvalidParameters, KeyStatus::InvalidKeySelection}) {
    if (status != static_cast<std::uint32_t>(each)) continue;
    made.status = each;
    return made;
  }
  if (status != 0) return core::error(ErrorCode::Unsupported, "another status of a key", status);
  const ByteView key = TRY(reader.bytes(key_size));
  if (all_zero(key)) return malformed("a key of zeros");
  made.status = KeyStatus::Success;
  made.key = crypto::SecretBytes({key.begin(), key.end()});
  return made;
}

}  // namespace merlon::snp
