#pragma once

// For tests: both ends of a stream that lies in memory, and lets as much through at a time as a
// test wants.

#include <algorithm>
#include <deque>
#include <memory>

#include "merlon/net/stream.h"

namespace merlon::tls::testing {

struct Wire {
  std::deque<std::uint8_t> bytes;
  bool ended = false;
  std::size_t room = ~std::size_t{0};     ///< how many bytes may lie here
  std::size_t at_once = ~std::size_t{0};  ///< how many a call may move
};

class MemoryStream final : public net::Stream {
 public:
  MemoryStream(std::shared_ptr<Wire> in, std::shared_ptr<Wire> out) noexcept
      : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryStream() override { out_->ended = true; }
  MemoryStream(const MemoryStream&) = delete;
  MemoryStream& operator=(const MemoryStream&) = delete;

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept override { return os::BorrowedFd(-1); }
  os::Result<os::Received> receive(os::IoVectors into, os::ReceiveFlags /*flags*/) override {
    const std::size_t size = std::min({into[0].iov_len, in_->bytes.size(), in_->at_once});
    if (size == 0 && !in_->ended) return os::Errno::Again;
    const auto end = in_->bytes.begin() + static_cast<std::ptrdiff_t>(size);
    std::copy(in_->bytes.begin(), end, static_cast<std::uint8_t*>(into[0].iov_base));
    in_->bytes.erase(in_->bytes.begin(), end);
    return os::Received{size, false};
  }
  os::Result<std::size_t> send(os::IoVectors from) override {
    if (out_->ended) return os::Errno::Pipe;
    const std::size_t room = out_->room - std::min(out_->room, out_->bytes.size());
    const std::size_t size = std::min({from[0].iov_len, room, out_->at_once});
    if (size == 0) return os::Errno::Again;
    const auto* const bytes = static_cast<const std::uint8_t*>(from[0].iov_base);
    out_->bytes.insert(out_->bytes.end(), bytes, bytes + size);
    return size;
  }
  os::Result<void> shut_down(bool /*reading*/, bool writing) override {
    if (writing) out_->ended = true;
    return {};
  }

 private:
  std::shared_ptr<Wire> in_, out_;
};

}  // namespace merlon::tls::testing
