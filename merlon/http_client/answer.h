#pragma once

// A server's answer in HTTP/1.1 [RFC9112], piece by piece as it comes. Attacker-controlled; bounded
// in memory, linear in time, and read strictly: what two readers could understand in two ways is
// refused.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "merlon/core/bytes.h"
#include "merlon/core/result.h"

namespace merlon::http_client {

inline constexpr std::size_t max_head_size = std::size_t{16} << 10U;

/// A header: its name in any case of letters, and its value without spaces around it.
struct Field {
  std::string name;
  std::string value;
};

struct Answer {
  unsigned status = 0;  ///< 200 to 599
  std::string content_type;
  std::vector<std::uint8_t> body;  ///< empty if it went to a sink
  std::vector<Field> fields{};     ///< all headers as they came; max_head_size bounds them

  /// Of the header of that name; nothing if there is none, or more than one, of which nobody can
  /// say which counts.
  [[nodiscard]] std::optional<std::string_view> field(std::string_view name) const noexcept;
  /// Whether another request may follow over the same connection [RFC9112 §9.3].
  [[nodiscard]] bool leaves_connection() const noexcept;
};

/// Takes a body piece by piece, each once. An error ends the reading.
using Sink = std::function<core::Result<void>(core::ByteView)>;

/// Whether a body follows the head: none does after HEAD and CONNECT, whatever the head says
/// [RFC9110 §9.3.2, §9.3.6].
enum class AnswerBody : std::uint8_t { Usual, None };

class AnswerReader {
 public:
  explicit AnswerReader(std::size_t max_body_size, AnswerBody body = AnswerBody::Usual) noexcept
      : max_body_size_(max_body_size), expected_(body) {}

  /// Bodies of statuses 200 and 206 go there instead, up to `most` bytes. Before anything is taken.
  void set_sink(Sink sink, std::uint64_t most) noexcept {
    sink_ = std::move(sink);
    sink_limit_ = most;
  }

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
  [[nodiscard]] core::Result<void> take_body(std::string_view part);
  [[nodiscard]] core::Result<void> pass_over(std::size_t size);
  [[nodiscard]] core::Result<std::optional<std::string>> next_line(std::size_t most);

  std::size_t max_body_size_;
  AnswerBody expected_;
  Sink sink_;
  std::uint64_t sink_limit_ = 0;
  std::uint64_t limit_ = 0;     // of this body
  std::uint64_t received_ = 0;  // of it
  bool to_sink_ = false;
  State state_ = State::Head;
  std::string pending_;  // not read yet
  Answer answer_;
  std::optional<std::uint64_t> length_;
  bool chunked_ = false;
  std::uint64_t left_ = 0;   // of the body, or of this chunk with its line end
  std::uint64_t aside_ = 0;  // of interim answers and of what chunks say beside their sizes
};

}  // namespace merlon::http_client
