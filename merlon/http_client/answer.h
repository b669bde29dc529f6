#pragma once

// A server's answer in HTTP/1.1 [RFC9112], piece by piece as it comes. Attacker-controlled; bounded
// in memory, linear in time, and read strictly: what two readers could understand in two ways is
// refused.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::http_client {

inline constexpr std::size_t max_head_size = std::size_t{16} << 10U;

struct Answer {
  unsigned status = 0;  ///< 200 to 599
  std::string content_type;
  std::vector<std::uint8_t> body;
};

class AnswerReader {
 public:
  explicit AnswerReader(std::size_t max_body_size) noexcept : max_body_size_(max_body_size) {}

  /// More of it. Malformed · Exhausted (a head or body that is too long).
  [[nodiscard]] core::Result<void> take(core::ByteView bytes);
  /// The server has nothing more to say. Malformed: it should have.
  [[nodiscard]] core::Result<void> end();

  [[nodiscard]] bool is_complete() const noexcept { return state_ == State::Complete; }
  /// Only if it is complete.
  [[nodiscard]] Answer take_answer() noexcept { return std::move(answer_); }

 private:
  enum class State : std::uint8_t { Head, Counted, UntilEnd, ChunkSize, Chunk, Trailer, Complete };

  [[nodiscard]] core::Result<bool> step();
  [[nodiscard]] core::Result<bool> read_head();
  [[nodiscard]] core::Result<void> read_field(std::string_view line);
  [[nodiscard]] core::Result<void> begin_body();
  [[nodiscard]] core::Result<bool> read_chunk_size();
  [[nodiscard]] core::Result<bool> read_trailer();
  [[nodiscard]] core::Result<bool> move_to_body();
  [[nodiscard]] core::Result<std::optional<std::string>> next_line(std::size_t most);

  std::size_t max_body_size_;
  State state_ = State::Head;
  std::string pending_;  // not read yet
  Answer answer_;
  std::optional<std::uint64_t> length_;
  bool chunked_ = false;
  std::uint64_t left_ = 0;  // of the body, or of this chunk with its line end
};

}  // namespace merlon::http_client
