#include "merlon/keep/private_talk.h"

#include <algorithm>
#include <array>

#include "merlon/net/wait.h"

namespace merlon::keep {

using delivery::Direction;
using delivery::RecordKind;
using os::Errno;

namespace {

/// A stream of the workload's in the talk.
class TalkStream : public net::Stream {
 public:
  explicit TalkStream(std::shared_ptr<PrivateTalk> talk) noexcept : talk_(std::move(talk)) {}

  [[nodiscard]] os::BorrowedFd descriptor() const noexcept override { return talk_->descriptor(); }
  [[nodiscard]] os::Result<void> shut_down(bool /*reading*/, bool /*writing*/) override {
    return Errno::Notsup;
  }
  [[nodiscard]] bool has_unsent() const noexcept override { return talk_->has_unsent(); }
  void flush() override { talk_->flush(); }

 protected:
  [[nodiscard]] PrivateTalk& talk() const noexcept { return *talk_; }

 private:
  std::shared_ptr<PrivateTalk> talk_;
};

class Input final : public TalkStream {
 public:
  using TalkStream::TalkStream;

  os::Result<os::Received> receive(os::IoVectors into, os::ReceiveFlags flags) override {
    const std::size_t size = TRY(talk().hear(into, flags.peek));
    return os::Received{size, false};
  }
  os::Result<std::size_t> send(os::IoVectors /*from*/) override { return Errno::Badf; }
  net::Readiness look(net::Side side) override {
    if (side == net::Side::Read && talk().has_input()) {
      return {.known = net::Readiness::Known::Yes};
    }
    return {};
  }
};

class Output final : public TalkStream {
 public:
  Output(std::shared_ptr<PrivateTalk> talk, RecordKind kind) noexcept
      : TalkStream(std::move(talk)), kind_(kind) {}

  os::Result<os::Received> receive(os::IoVectors /*into*/, os::ReceiveFlags /*flags*/) override {
    return Errno::Badf;
  }
  os::Result<std::size_t> send(os::IoVectors from) override { return talk().say(kind_, from); }

 private:
  RecordKind kind_;
};

std::vector<std::uint8_t> gather(os::IoVectors from, std::size_t most) {
  std::vector<std::uint8_t> all;
  for (const ::iovec& part : from) {
    const auto* const start = static_cast<const std::uint8_t*>(part.iov_base);
    all.insert(all.end(), start, start + std::min(part.iov_len, most - all.size()));
  }
  return all;
}

}  // namespace

PrivateTalk::PrivateTalk(os::Fd socket, const crypto::HpkeExporter& exporter,
                         std::chrono::nanoseconds patience)
    : socket_(std::move(socket)),
      sealer_(delivery::record_key(exporter, Direction::FromKeep)),
      opener_(delivery::record_key(exporter, Direction::ToKeep), Direction::ToKeep),
      patience_(static_cast<std::uint64_t>(patience.count())) {}

std::shared_ptr<PrivateTalk> PrivateTalk::begin(os::Fd socket, const crypto::HpkeExporter& exporter,
                                                const crypto::Sha256Digest& module,
                                                std::chrono::nanoseconds patience) {
  std::shared_ptr<PrivateTalk> talk(new PrivateTalk(std::move(socket), exporter, patience));
  talk->add(RecordKind::Taken, module.view());
  talk->flush();
  return talk;
}

void PrivateTalk::add(RecordKind kind, core::ByteView content) {
  if (is_deaf_) return;
  const auto record = sealer_.seal(kind, content);
  unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent_));
  sent_ = 0;
  unsent_.insert(unsent_.end(), record.begin(), record.end());
}

void PrivateTalk::flush() {
  while (has_unsent()) {
    const std::array<::iovec, 1> rest{{{unsent_.data() + sent_, unsent_.size() - sent_}}};
    const auto sent = socket_.send(rest);
    if (sent) {
      sent_ += *sent;
    } else if (sent.error() == Errno::Again) {
      return;
    } else if (sent.error() != Errno::Intr) {
      is_deaf_ = true;
      sent_ = unsent_.size();
    }
  }
}

void PrivateTalk::wait_until_sent() {
  const std::uint64_t deadline = net::deadline_after(patience_);
  flush();
  while (has_unsent() && net::wait(socket_, net::Side::Write, deadline)) flush();
}

void PrivateTalk::remark(const base::Printable& text) {
  if (unsent_.size() - sent_ > most_remarks) return;
  const core::ByteView bytes = core::as_bytes(text.text());
  add(RecordKind::Remark, bytes.first(std::min(bytes.size(), delivery::max_record_content)));
  flush();
}

os::Result<void> PrivateTalk::output(core::ByteView bytes) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), delivery::max_record_content);
    add(RecordKind::Output, bytes.first(size));
    wait_until_sent();
    if (is_deaf_ || has_unsent()) return Errno::Pipe;
    bytes = bytes.subspan(size);
  }
  return {};
}

os::Result<std::size_t> PrivateTalk::say(RecordKind kind, os::IoVectors from) {
  flush();
  if (is_deaf_) return Errno::Pipe;
  if (unsent_.size() - sent_ >= most_unsent) return Errno::Again;
  const auto content = gather(from, delivery::max_record_content);
  add(kind, content);
  flush();
  return content.size();
}

bool PrivateTalk::read_on() {
  std::vector<std::uint8_t> bytes(delivery::max_record_size);
  const std::array<::iovec, 1> into{{{bytes.data(), bytes.size()}}};
  const auto got = socket_.receive(into, {});
  if (!got) {
    if (got.error() == Errno::Intr) return true;
    if (got.error() != Errno::Again) input_trouble_ = Errno::Connreset;
    return false;
  }
  if (got->size == 0) {  // the host's end, and not the tenant's
    input_trouble_ = Errno::Connreset;
    return false;
  }
  opener_.feed(core::ByteView(bytes).first(got->size));
  take_records();
  return true;
}

void PrivateTalk::take_records() {
  for (;;) {
    auto record = opener_.next();
    if (!record) {
      input_trouble_ = Errno::Connreset;
      return;
    }
    if (!*record) return;
    if ((*record)->kind == RecordKind::InputEnd) {
      input_is_over_ = true;
    } else if (!input_is_over_) {
      input_.insert(input_.end(), (*record)->content.begin(), (*record)->content.end());
    }
  }
}

bool PrivateTalk::has_input() {
  while (heard_ == input_.size() && !input_is_over_ && !input_trouble_ && read_on()) {
  }
  return heard_ < input_.size() || input_is_over_ || input_trouble_;
}

os::Result<std::size_t> PrivateTalk::hear(os::IoVectors into, bool peek) {
  if (!has_input()) return Errno::Again;
  if (heard_ == input_.size()) {
    if (input_is_over_) return std::size_t{0};
    return *input_trouble_;
  }
  std::size_t given = 0;
  for (const ::iovec& part : into) {
    const std::size_t size = std::min(part.iov_len, input_.size() - heard_ - given);
    std::copy_n(input_.begin() + static_cast<std::ptrdiff_t>(heard_ + given), size,
                static_cast<std::uint8_t*>(part.iov_base));
    given += size;
  }
  if (!peek) heard_ += given;
  if (heard_ == input_.size()) {
    crypto::wipe(input_);
    input_.clear();
    heard_ = 0;
  }
  return given;
}

std::shared_ptr<net::Stream> PrivateTalk::standard_input() {
  return std::make_shared<Input>(shared_from_this());
}
std::shared_ptr<net::Stream> PrivateTalk::standard_output() {
  return std::make_shared<Output>(shared_from_this(), RecordKind::Output);
}
std::shared_ptr<net::Stream> PrivateTalk::standard_error() {
  return std::make_shared<Output>(shared_from_this(), RecordKind::Errors);
}

os::Result<void> PrivateTalk::tell_mark(const delivery::VolumeMark& mark) {
  flush();
  if (unsent_.size() - sent_ > most_remarks) {
    wait_until_sent();
    // Marks have no end, and none may be left out: whoever cannot be told of one is told nothing.
    if (unsent_.size() - sent_ > most_remarks) {
      is_deaf_ = true;
      sent_ = unsent_.size();
    }
  }
  if (is_deaf_) return Errno::Pipe;
  add(RecordKind::Mark, mark.bytes());
  flush();
  if (is_deaf_) return Errno::Pipe;
  return {};
}

void PrivateTalk::end(int status) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(static_cast<std::uint32_t>(status) >> (8 * i));
  }
  add(RecordKind::Ended, bytes);
  wait_until_sent();
}

}  // namespace merlon::keep
