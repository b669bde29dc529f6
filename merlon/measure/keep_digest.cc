#include "merlon/measure/keep_digest.h"

#include "merlon/image/elf.h"

namespace merlon::measure {

using sallyport::World;

core::Result<Measurement, Refusal> keep_digest(core::ByteView shim, core::ByteView keep,
                                               World world) {
  const auto shim_program = image::parse_elf(shim);
  if (!shim_program) return Refusal{Refusal::Subject::Shim, shim_program.error()};
  const auto keep_program = image::parse_elf(keep);
  if (!keep_program) return Refusal{Refusal::Subject::Keep, keep_program.error()};
  ImageDigest sink;
  const auto layout = image::lay_out(*shim_program, *keep_program, world, false, sink);
  if (!layout) return Refusal{Refusal::Subject::Both, layout.error()};
  const std::uint64_t pages = sink.pages();
  return Measurement{std::move(sink).finish(), pages};
}

}  // namespace merlon::measure
