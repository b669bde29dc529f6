#include "merlon/measure/keep_digest.h"

#include "merlon/image/elf.h"

namespace merlon::measure {

using sallyport::World;

namespace {

/// Sends the stream of a keep's pages to `sink`.
core::Result<void, Refusal> lay_out(core::ByteView shim, core::ByteView keep,
                                    const image::MachineForm& form, image::PageSink& sink) {
  const auto shim_program = image::parse_elf(shim);
  if (!shim_program) return Refusal{Refusal::Subject::Shim, shim_program.error()};
  const auto keep_program = image::parse_elf(keep);
  if (!keep_program) return Refusal{Refusal::Subject::Keep, keep_program.error()};
  const auto layout = image::lay_out(*shim_program, *keep_program, form, sink);
  if (!layout) return Refusal{Refusal::Subject::Both, layout.error()};
  return {};
}

}  // namespace

core::Result<Measurement, Refusal> keep_digest(core::ByteView shim, core::ByteView keep,
                                               World world) {
  ImageDigest sink;
  TRY(lay_out(shim, keep, {.world = world}, sink));
  const std::uint64_t pages = sink.pages();
  return Measurement{std::move(sink).finish(), pages};
}

core::Result<LaunchMeasurement, Refusal> launch_digest(core::ByteView shim, core::ByteView keep,
                                                       World world) {
  LaunchChain sink;
  TRY(lay_out(shim, keep, {.world = world, .attested = true}, sink));
  return LaunchMeasurement{sink.digest(), sink.pages()};
}

}  // namespace merlon::measure
