// Layers of images: archives of tar, in gzip or not. What was taken is an archive of ours.

#include <cstdlib>

#include "merlon/codec/gzip.h"
#include "merlon/oci/file_system.h"

using namespace merlon;

namespace {

void lay(core::ByteView tar) {
  oci::FileSystem files;
  if (!files.apply(tar)) return;
  // Once more over itself: a file takes the place of a file.
  if (!files.apply(tar)) return;
  const auto archive = files.archive();
  if (!archive) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lay({data, size});
  constexpr std::size_t most = std::size_t{1} << 20U;
  const auto whole = codec::gunzip({data, size}, most);
  if (!whole) return 0;
  if (whole->size() > most) std::abort();
  lay(*whole);
  return 0;
}
