#include "merlon/launch/pool.h"

#include <array>
#include <utility>
#include <vector>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"
#include "merlon/os/channel.h"
#include "merlon/os/open.h"

namespace merlon::launch {

using core::ErrorCode;
using core::Reader;
using core::Result;

namespace {

constexpr std::string_view magic = "MRLNTAKE";
constexpr std::uint32_t version = 1;
constexpr std::size_t question_size = 16;
constexpr std::uint8_t network_bit = 1;
constexpr std::uint8_t directories_bit = 2;

enum class Kind : std::uint8_t { None = 0, Prepared = 1, Blank = 2 };
constexpr std::uint8_t exited = 1;
constexpr std::uint8_t killed = 2;

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

/// A message of exactly so many bytes, with the files that came with it.
Result<std::vector<os::Fd>> receive_whole(os::BorrowedFd from, core::ByteSpan bytes,
                                          const char* over) {
  auto delivery = os::receive_with_descriptors(from, bytes);
  if (!delivery && delivery.error() == os::Errno::Connreset) {
    return core::error(ErrorCode::Unavailable, over);
  }
  if (!delivery) return os::to_error(delivery.error(), "cannot hear from the other side");
  if (delivery->size == 0) return core::error(ErrorCode::Unavailable, over);
  if (delivery->size != bytes.size()) return malformed("half a message");
  return std::move(delivery->descriptors);
}

}  // namespace

Result<void> send(os::BorrowedFd pool, const PoolQuestion& question) {
  base::ByteWriter out;
  out.text(magic);
  out.u32(version);
  out.u8(question.backend);
  out.u8(static_cast<std::uint8_t>((question.network ? network_bit : 0U) |
                                   (question.directories ? directories_bit : 0U)));
  out.u16(0);
  const std::array<os::BorrowedFd, 1> module{question.module};
  const auto sent = os::send_with_descriptors(pool, out.take(), module);
  if (!sent) return os::to_error(sent.error(), "cannot ask the pool");
  return {};
}

Result<PoolQuestion> receive_pool_question(os::BorrowedFd connection) {
  std::array<std::uint8_t, question_size> bytes{};
  auto files = TRY(receive_whole(connection, bytes, "nobody asks any more"));
  Reader in(bytes);
  if (core::as_text(TRY(in.bytes(magic.size()))) != magic) return malformed("no question");
  if (TRY(in.u32()) != version) {
    return core::error(ErrorCode::Unsupported, "question of another version");
  }
  PoolQuestion question;
  question.backend = TRY(in.u8());
  const std::uint8_t reach = TRY(in.u8());
  if (reach > (network_bit | directories_bit) || TRY(in.u16()) != 0 || files.size() != 1) {
    return malformed("no question");
  }
  question.network = (reach & network_bit) != 0;
  question.directories = (reach & directories_bit) != 0;
  question.module = std::move(files.front());
  return question;
}

Result<void> send_pool_answer(os::BorrowedFd connection, const std::optional<TakenKeep>& keep) {
  std::vector<os::BorrowedFd> files;
  Kind kind = Kind::None;
  if (keep) {
    kind = keep->prepared ? Kind::Prepared : Kind::Blank;
    files = {keep->channel, keep->process};
  }
  const std::array<std::uint8_t, 1> word{static_cast<std::uint8_t>(kind)};
  const auto sent = os::send_with_descriptors(connection, word, files);
  if (!sent) return os::to_error(sent.error(), "cannot answer");
  return {};
}

Result<std::optional<TakenKeep>> receive_pool_answer(os::BorrowedFd pool) {
  std::array<std::uint8_t, 1> word{};
  auto files = TRY(receive_whole(pool, word, "the pool has ended"));
  if (word[0] == static_cast<std::uint8_t>(Kind::None) && files.empty()) {
    return std::optional<TakenKeep>();
  }
  const bool prepared = word[0] == static_cast<std::uint8_t>(Kind::Prepared);
  const bool blank = word[0] == static_cast<std::uint8_t>(Kind::Blank);
  if ((!prepared && !blank) || files.size() != 2) return malformed("no answer of a pool");
  return std::optional(TakenKeep{prepared, std::move(files[0]), std::move(files[1])});
}

void send_process_end(os::BorrowedFd connection, const os::ExitStatus& status) noexcept {
  const bool by_itself = status.kind == os::ExitStatus::Kind::Exited;
  const std::array<std::uint8_t, 2> word{by_itself ? exited : killed,
                                         static_cast<std::uint8_t>(status.value)};
  // It fits into any socket's buffer; one that is full is not read.
  static_cast<void>(os::send_with_descriptors(connection, word, {}));
}

Result<os::ExitStatus> receive_process_end(os::BorrowedFd pool) {
  std::array<std::uint8_t, 2> word{};
  TRY(read_stream(pool, word, true));
  if (word[0] != exited && word[0] != killed) return malformed("no end of a keep");
  const auto kind = word[0] == exited ? os::ExitStatus::Kind::Exited : os::ExitStatus::Kind::Killed;
  return os::ExitStatus{kind, word[1]};
}

}  // namespace merlon::launch
