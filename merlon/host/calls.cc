#include "merlon/host/calls.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>

#include "merlon/host/call_handlers.h"
#include "merlon/os/channel.h"

namespace merlon::host {

using sallyport::Outcome;
using sallyport::Request;

std::optional<std::uint32_t> DescriptorTable::insert(os::Fd file, Grant grant) {
  for (std::uint32_t number = 0; number < files_.size(); ++number) {
    if (files_[number].is_open()) continue;
    files_[number] = std::move(file);
    grants_[number] = grant;
    return number;
  }
  return std::nullopt;
}

std::optional<os::BorrowedFd> DescriptorTable::find(std::uint64_t number) const {
  if (number >= files_.size() || !files_[number].is_open()) return std::nullopt;
  return os::BorrowedFd(files_[number]);
}

bool DescriptorTable::close(std::uint64_t number) {
  if (!find(number)) return false;
  files_[number].close();
  return true;
}

void DescriptorTable::clear() noexcept {
  for (os::Fd& file : files_) file.close();
}

std::size_t DescriptorTable::count() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(files_, &os::Fd::is_open));
}

core::Result<std::optional<Letter>> Machine::next_letter() { return std::optional<Letter>(); }
Outcome Machine::attest(const Request& /*request*/) { return refused(EOPNOTSUPP); }
Outcome Machine::change_pages(const sallyport::Arguments& /*arguments*/) {
  return refused(EOPNOTSUPP);
}

/// Hands a file that a system call has just opened to the keep.
Outcome Calls::give(int number, Grant grant) {
  if (number < 0) return failed_call();
  const auto inserted = descriptors_.insert(os::Fd::adopt(number), grant);
  return inserted ? Outcome{*inserted, 0} : refused(EMFILE);
}

/// What is left of the letter; its files come with the first byte. Then what comes on `socket`: a
/// keep polls it first, so that this waits only for one that broke out.
Outcome Calls::hand_over(const Request& request, os::BorrowedFd socket) {
  constexpr std::size_t most_numbers = sallyport::max_delivered_descriptors * sizeof(std::uint32_t);
  constexpr std::size_t overhead = sizeof(sallyport::DeliveryHeader) + most_numbers;
  if (request.room.size() < overhead) return refused(EINVAL);
  const std::size_t most =
      std::min(request.room.size() - overhead, static_cast<std::size_t>(request.arguments[1]));
  if (letter_read_ == letter_.bytes.size()) {
    auto next = machine_->next_letter();
    if (!next) return refused(EPIPE);
    if (*next) {
      letter_ = **std::move(next);
      letter_read_ = 0;
    }
  }
  const core::ByteView left = core::ByteView(letter_.bytes).subspan(letter_read_);
  if (!left.empty()) {
    const core::ByteView part = left.first(std::min(left.size(), most));
    letter_read_ += part.size();
    return deliver(request, part, std::exchange(letter_.files, {}));
  }
  std::vector<std::uint8_t> bytes(most);
  auto delivery = os::receive_with_descriptors(socket, bytes);
  if (!delivery) return refused(static_cast<int>(delivery.error()));
  std::vector<Letter::Enclosure> files;
  for (os::Fd& each : delivery->descriptors) {
    files.push_back({std::move(each), Grant::ReadWrite});
  }
  return deliver(request, core::ByteView(bytes).first(delivery->size), std::move(files));
}

Outcome Calls::deliver(const Request& request, core::ByteView bytes,
                       std::vector<Letter::Enclosure> files) {
  std::vector<std::uint8_t> delivery;
  const auto put = [&delivery](std::uint32_t number) {
    for (unsigned i = 0; i < sizeof(number); ++i) {
      delivery.push_back(static_cast<std::uint8_t>(number >> (8 * i)));
    }
  };
  put(static_cast<std::uint32_t>(files.size()));  // DeliveryHeader
  for (Letter::Enclosure& enclosure : files) {
    const auto number = descriptors_.insert(std::move(enclosure.file), enclosure.grant);
    if (!number) return refused(EMFILE);
    put(*number);
  }
  delivery.insert(delivery.end(), bytes.begin(), bytes.end());
  request.room.copy_out(delivery);
  return {static_cast<std::int64_t>(bytes.size()), delivery.size()};
}

Outcome Calls::poll(const Request& request) {
  const std::uint64_t count = request.arguments[0];
  const std::size_t size = request.sent.size();
  if (count > sallyport::max_poll_items || size != count * sizeof(sallyport::PollItem) ||
      request.room.size() != size) {
    return refused(EINVAL);
  }
  std::vector<sallyport::PollItem> items(count);
  // SAFETY: items are plain numbers, and as many bytes as `size`.
  const core::ByteSpan bytes{reinterpret_cast<std::uint8_t*>(items.data()), size};
  request.sent.copy_in(bytes);
  std::vector<::pollfd> files;
  for (const sallyport::PollItem& item : items) {
    int fd = -1;
    if (item.descriptor >= 0) {
      const auto file = descriptors_.find(static_cast<std::uint64_t>(item.descriptor));
      if (!file) return refused(EBADF);
      fd = file->number();
    }
    files.push_back({fd, static_cast<short>(item.events), 0});
  }
  const std::uint64_t timeout = request.arguments[1];
  const ::timespec limit{static_cast<::time_t>(timeout / nanoseconds_per_second),
                         static_cast<long>(timeout % nanoseconds_per_second)};
  const int ready = ::ppoll(files.data(), files.size(),
                            timeout == sallyport::forever ? nullptr : &limit, nullptr);
  if (ready < 0) return failed_call();
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].ready = static_cast<std::uint16_t>(files[i].revents);
  }
  request.room.copy_out(bytes);
  return {ready, size};
}

/// Whether the request would change what the keep may only read. The keep knows that as well; here
/// it is held against a keep that broke out.
bool Calls::is_forbidden(const Row& row, const Request& request) const {
  const auto is_read_only = [&](std::uint64_t number) {
    return descriptors_.find(number) && descriptors_.grant_of(number) == Grant::ReadOnly;
  };
  const bool here = is_read_only(request.arguments[0]);
  switch (row.changes) {
    case Row::Changes::Nothing: return false;
    case Row::Changes::First: return here;
    case Row::Changes::Both: return here || is_read_only(request.arguments[1]);
    case Row::Changes::IfOpenedSo: {
      const int flags = as_int(request.arguments[1]);
      return here && ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0);
    }
  }
  return true;
}

/// What was interrupted has done nothing, and only some calls may say so.
Outcome Calls::carry_out(const Request& request) {
  const Row& row = row_of(request.call);
  const sallyport::CallInfo& info = sallyport::info_of(request.call);
  ++counts_[static_cast<std::size_t>(&info - sallyport::call_table.data())];
  if (is_forbidden(row, request)) return refused(EROFS);
  for (;;) {
    const Outcome outcome = carry_out_once(row, request);
    if (outcome.result != -EINTR || sallyport::may_be_interrupted(info.reply)) return outcome;
  }
}

Outcome Calls::carry_out_once(const Row& row, const Request& request) {
  if (row.about == Row::About::Nothing) return row.handler(*this, request, os::BorrowedFd(-1));
  const auto file = descriptors_.find(request.arguments[0]);
  return file ? row.handler(*this, request, *file) : refused(EBADF);
}

}  // namespace merlon::host
