#include "merlon/measure/keep_digest.h"

#include "merlon/image/elf.h"
#include "merlon/sallyport/enclave.h"

namespace merlon::measure {

using sallyport::World;

namespace {

struct Programs {
  image::Program shim, keep;
};
core::Result<Programs, Refusal> parse(core::ByteView shim, core::ByteView keep) {
  auto shim_program = image::parse_elf(shim);
  if (!shim_program) return Refusal{Refusal::Subject::Shim, shim_program.error()};
  auto keep_program = image::parse_elf(keep);
  if (!keep_program) return Refusal{Refusal::Subject::Keep, keep_program.error()};
  return Programs{*std::move(shim_program), *std::move(keep_program)};
}

/// Sends the stream of a keep's pages to `sink`.
core::Result<void, Refusal> lay_out(core::ByteView shim, core::ByteView keep,
                                    const image::MachineForm& form, image::PageSink& sink) {
  const Programs programs = TRY(parse(shim, keep));
  const auto layout = image::lay_out(programs.shim, programs.keep, form, sink);
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

core::Result<EnclaveMeasurement, Refusal> enclave_digest(core::ByteView shim, core::ByteView keep) {
  const Programs programs = TRY(parse(shim, keep));
  EnclaveChain sink(sallyport::saved_state_frame_pages, sallyport::enclave_size);
  const auto layout = image::lay_out_enclave(programs.shim, programs.keep, sink);
  if (!layout) return Refusal{Refusal::Subject::Both, layout.error()};
  const std::uint64_t pages = sink.pages();
  return EnclaveMeasurement{std::move(sink).finish(), pages};
}

}  // namespace merlon::measure
