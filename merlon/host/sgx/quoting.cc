#include "merlon/host/sgx/quoting.h"

#include <cerrno>

#include "merlon/base/printable.h"
#include "merlon/base/text.h"
#include "merlon/core/attest_call.h"
#include "merlon/os/open.h"

namespace merlon::host::sgx {

using core::AttestKind;
using core::ErrorCode;
using sallyport::Outcome;
using Bytes = std::vector<std::uint8_t>;

namespace {

constexpr std::size_t report_size = 432;

Outcome bytes_for(const sallyport::Request& request, const Bytes& bytes) {
  if (bytes.size() > request.room.size()) return {-ENOSPC, 0};
  request.room.copy_out(bytes);
  return {static_cast<std::int64_t>(bytes.size()), bytes.size()};
}

constexpr bool is(std::uint64_t kind, AttestKind wanted) noexcept {
  return kind == static_cast<std::uint64_t>(wanted);
}

}  // namespace

Outcome Quoting::refused(const HostError& error) {
  if (error.code == ErrorCode::Unavailable) return {-EAGAIN, 0};
  if (!has_told_) {
    const std::string line = base::concat("merlon: ", base::printable(error.text), "\n");
    static_cast<void>(os::write_all(os::BorrowedFd(2), core::as_bytes(line)));
  }
  has_told_ = true;
  return {-EIO, 0};
}

Outcome Quoting::answer(const sallyport::Request& request) {
  const std::uint64_t kind = request.arguments[0];
  if (is(kind, AttestKind::QuoteTarget)) {
    const auto target = service_.target();
    return target ? bytes_for(request, *target) : refused(target.error());
  }
  if (is(kind, AttestKind::Quote)) {
    if (request.sent.size() != report_size) return {-EINVAL, 0};
    Bytes report(report_size);
    request.sent.copy_in(report);
    const auto quote = service_.quote(report);
    return quote ? bytes_for(request, *quote) : refused(quote.error());
  }
  if (is(kind, AttestKind::Collateral)) return bytes_for(request, collateral_);
  return {-EINVAL, 0};
}

}  // namespace merlon::host::sgx
