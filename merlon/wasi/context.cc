#include "merlon/wasi/context.h"

#include <algorithm>
#include <limits>

namespace merlon::wasi {

core::Result<StringBlock> StringBlock::from(const std::vector<std::string>& texts) {
  StringBlock block;
  block.offsets_.reserve(texts.size());
  for (const std::string& text : texts) {
    if (text.find('\0') != std::string::npos) {
      return core::error(core::ErrorCode::Malformed, "an argument or variable holds a NUL byte");
    }
    block.offsets_.push_back(static_cast<std::uint32_t>(block.bytes_.size()));
    block.bytes_.append(text).push_back('\0');
    if (block.bytes_.size() > std::numeric_limits<std::uint32_t>::max()) {
      return core::error(core::ErrorCode::Exhausted, "arguments or environment beyond 4 GiB");
    }
  }
  return block;
}

Context::Context(const ContextOptions& options, StringBlock arguments,
                 StringBlock environment) noexcept
    : arguments_(std::move(arguments)),
      environment_(std::move(environment)),
      resolver_(options.resolution),
      clocks_(options.clocks != nullptr ? options.clocks : &system_clocks_),
      random_(options.random != nullptr ? options.random : &system_random_) {}

core::Result<std::unique_ptr<Context>> Context::create(const ContextOptions& options) {
  StringBlock arguments = TRY(StringBlock::from(options.arguments));
  StringBlock environment = TRY(StringBlock::from(options.environment));
  return std::unique_ptr<Context>(
      new Context(options, std::move(arguments), std::move(environment)));
}

core::Result<void> Context::begin(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment) {
  arguments_ = TRY(StringBlock::from(arguments));
  environment_ = TRY(StringBlock::from(environment));
  return {};
}

Result<os::BorrowedFd> Context::bell() noexcept {
  if (!wake_up_) {
    wake_up_ = TRY(from_os(os::WakeUp::create()));
    bell_.store(&*wake_up_, std::memory_order_seq_cst);
  }
  return wake_up_->fd();
}

void Context::note_loss(const FdEntry& entry, Failure failure) noexcept {
  const bool for_good = failure.kind == Failure::Kind::Errno && failure.number != Errno::Again;
  if (entry.loss_name.empty() || !for_good || output_loss_) return;
  output_loss_ = OutputLoss{entry.loss_name, failure.number};
}

void Context::finish_streams(std::chrono::nanoseconds limit) {
  files_.for_each([this](FdEntry& entry) {
    if (!entry.stream) return;
    entry.stream->finish();
    unsent_.note(entry.stream);
  });
  constexpr std::chrono::nanoseconds slice = std::chrono::milliseconds(100);
  std::vector<os::PollItem> items;
  while (!unsent_.empty() && limit > std::chrono::nanoseconds(0)) {
    items.clear();
    unsent_.add_awaited(items);
    // Time is counted in slices: a keep has no clock that it would trust for this.
    const auto ready = os::poll(items, std::min(slice, limit));
    limit -= ready.has_value() && *ready > 0 ? slice / 10 : slice;
    unsent_.flush();
  }
}

/// Either this sees the bell, or who made it then sees that it is too late to wait.
void Context::interrupt() noexcept {
  interrupted_.store(true, std::memory_order_seq_cst);
  if (const os::WakeUp* const bell = bell_.load(std::memory_order_seq_cst)) bell->ring();
}

}  // namespace merlon::wasi
