#include "merlon/delivery/volume_mark.h"

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"

namespace merlon::delivery {

std::vector<std::uint8_t> VolumeMark::bytes() const {
  base::ByteWriter out;
  out.u64(generation);
  out.bytes(head.view());
  out.bytes(id.view());
  return out.take();
}

core::Result<VolumeMark> VolumeMark::parse(core::ByteView content) {
  core::Reader in(content);
  VolumeMark mark;
  mark.generation = TRY(in.u64());
  mark.head = TRY(crypto::Sha256Digest::read(in));
  mark.id = TRY(Id::read(in));
  if (!in.at_end() || mark.id.is_zero()) {
    return core::error(core::ErrorCode::Malformed, "no state that a volume can have");
  }
  return mark;
}

}  // namespace merlon::delivery
