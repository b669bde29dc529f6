#include "merlon/wasi/guest_memory.h"

#include <algorithm>

namespace merlon::wasi {

Result<os::Path> GuestMemory::path(GuestAddress address, GuestSize size) const {
  const core::ByteSpan text = TRY(at(address, size));
  return from_os(os::Path::from(core::as_text(text)));
}

Result<void> IoBuffers::load(GuestMemory memory, GuestAddress list, GuestSize count) noexcept {
  const core::ByteSpan records = TRY(memory.at(list, std::uint64_t{count} * layout::Iovec::size));
  if (count > longest) return fail(Errno::Inval);
  done_ = left_ = 0;
  for (std::size_t i = 0; i < count && left_ < capacity; ++i) {
    const core::ByteView record = records.subspan(i * layout::Iovec::size, layout::Iovec::size);
    const auto size = GuestMemory::read<GuestSize>(record, layout::Iovec::buf_len);
    const core::ByteSpan buffer =
        TRY(memory.at(GuestMemory::read<GuestAddress>(record, layout::Iovec::buf), size));
    if (!buffer.empty()) list_[left_++] = {buffer.data(), buffer.size()};
  }
  return {};
}

void IoBuffers::advance(std::size_t size) noexcept {
  while (left_ > 0 && size >= list_[done_].iov_len) {
    size -= list_[done_].iov_len;
    ++done_;
    --left_;
  }
  if (left_ == 0) return;
  ::iovec& first = list_[done_];
  first.iov_base = static_cast<std::uint8_t*>(first.iov_base) + size;
  first.iov_len -= size;
}

}  // namespace merlon::wasi
