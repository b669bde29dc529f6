// Any bytes as a program: refused, or segments that lie in the file, in order, on pages of their
// own, and a vdso of at most a page.

#include <cstdint>
#include <cstdlib>

#include "merlon/image/elf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  const core::ByteView file{data, size};
  const auto lies_in_file = [&](core::ByteView part) {
    return part.data() >= data && part.data() + part.size() <= data + size;
  };
  const auto program = image::parse_elf(file);
  if (!program) return 0;
  std::uint64_t reached = 0;
  for (const image::Segment& segment : program->segments) {
    if (segment.bytes.size() > segment.memory_size) std::abort();
    if (!lies_in_file(segment.bytes)) std::abort();
    if (segment.address / image::page_size * image::page_size < reached) std::abort();
    reached = segment.address + segment.memory_size;
  }
  if (!program->vdso.empty() && !lies_in_file(program->vdso)) std::abort();
  if (program->vdso.size() > image::page_size) std::abort();
  if (program->end() > image::max_memory + image::page_size) std::abort();
  return 0;
}
