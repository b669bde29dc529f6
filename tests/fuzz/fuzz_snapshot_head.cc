// The head of a machine's snapshot: what is accepted is written as it was read, and its pages lie
// where they may.

#include "merlon/core/check.h"
#include "merlon/host/kvm/snapshot.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace merlon;
  using namespace merlon::host::kvm;
  if (size < sizeof(std::uint32_t)) return 0;
  const core::ByteView head(data + sizeof(std::uint32_t), size - sizeof(std::uint32_t));
  std::uint64_t file_size = 0;
  for (unsigned i = 0; i < sizeof(std::uint32_t); ++i)
    file_size |= std::uint64_t{data[i]} << (8 * i);
  const auto snapshot = decode_head(head, file_size);
  if (!snapshot) return 0;
  std::uint64_t pages = 0;
  for (const Extent& run : snapshot->runs) {
    bool inside = false;
    for (const Extent& part : snapshot->parts) {
      inside = inside || (run.base >= part.base && run.base + run.size <= part.base + part.size);
    }
    MERLON_CHECK(inside);
    pages += run.size;
  }
  const auto again = encode_head(*snapshot);
  MERLON_CHECK(again.size() + pages == file_size);
  const auto twice = decode_head(again, file_size);
  MERLON_CHECK(twice && twice->runs == snapshot->runs && twice->parts == snapshot->parts);
  return 0;
}
