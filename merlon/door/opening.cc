#include "merlon/door/opening.h"

#include <array>

#include "merlon/base/byte_writer.h"
#include "merlon/base/text.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"

namespace merlon::door {

using core::Result;

namespace {

constexpr std::string_view magic = "MRLNDOOR";
constexpr std::uint32_t version = 1;
constexpr std::size_t head_size = 16;

constexpr std::uint8_t leaves = 1;
constexpr std::uint8_t names_tenant = 2;
constexpr std::uint8_t names_policy = 4;
constexpr std::uint8_t all_flags = leaves | names_tenant | names_policy;

constexpr std::string_view cut = "an opening that is cut";

}  // namespace

std::vector<std::uint8_t> encode(const Opening& opening) {
  base::ByteWriter body;
  const int flags = (opening.leaves ? leaves : 0) | (opening.tenant ? names_tenant : 0) |
                    (opening.policy ? names_policy : 0);
  body.u8(static_cast<std::uint8_t>(flags));
  if (opening.tenant) {
    body.bytes(opening.tenant->key.view());
    body.bytes(opening.tenant->salt.view());
  }
  if (opening.policy) body.bytes(opening.policy->view());
  body.text(to_json(opening.request));
  base::ByteWriter out;
  out.text(magic);
  out.u32(version);
  out.u32(static_cast<std::uint32_t>(body.size()));
  out.bytes(body.take());
  return out.take();
}

Result<Opening, std::string> decode_opening(core::ByteView body) {
  core::Reader in(body);
  const auto flags = in.u8();
  if (!flags) return std::string(cut);
  if ((*flags & ~all_flags) != 0) return std::string("an opening with unknown flags");
  Opening opening;
  opening.leaves = (*flags & leaves) != 0;
  if ((*flags & names_tenant) != 0) {
    const auto key = delivery::TenantKey::read(in);
    const auto salt = delivery::Salt::read(in);
    if (!key || !salt) return std::string(cut);
    opening.tenant = NamedTenant{*key, *salt};
  }
  if ((*flags & names_policy) != 0) {
    const auto policy = crypto::Sha256Digest::read(in);
    if (!policy) return std::string(cut);
    opening.policy = *policy;
  }
  const auto rest = in.bytes(in.remaining());
  opening.request = TRY(parse_keep_request(core::as_text(*rest)));
  return opening;
}

Result<void> send(os::BorrowedFd stream, const Opening& opening) {
  return launch::write_stream(stream, encode(opening));
}

Result<Opening, std::string> receive_opening(os::BorrowedFd stream) {
  std::array<std::uint8_t, head_size> head{};
  if (!launch::read_stream(stream, head, true)) return std::string(cut);
  core::Reader in(head);
  const auto begin = in.bytes(magic.size());
  if (core::as_text(*begin) != magic) return std::string("no opening at a keep's door");
  if (*in.u32() != version) return std::string("an opening of another version");
  const std::uint32_t size = *in.u32();
  if (size > max_opening_size) return std::string("an opening that is too long");
  std::vector<std::uint8_t> body(size);
  if (!launch::read_stream(stream, body, false)) return std::string(cut);
  return decode_opening(body);
}

}  // namespace merlon::door
