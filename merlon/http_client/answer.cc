#include "merlon/http_client/answer.h"

#include <algorithm>

#include "merlon/base/text.h"

namespace merlon::http_client {

using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t max_line = 1024;  // of a chunk's size, or behind the last

core::Error malformed(const char* what) noexcept { return core::error(ErrorCode::Malformed, what); }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// [RFC9110 §5.6.2]
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return is_digit(c) || (base::lower(c) >= 'a' && base::lower(c) <= 'z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool is_field_text(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7F);
  });
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Digits of `base` 10 or 16 and nothing else; nothing for more than a body could have.
std::optional<std::uint64_t> number_of(std::string_view text, unsigned base) noexcept {
  constexpr std::size_t most_digits = 15;
  if (text.empty() || text.size() > most_digits) return std::nullopt;
  std::uint64_t number = 0;
  for (const char c : text) {
    const char low = base::lower(c);
    const bool letter = base == 16 && low >= 'a' && low <= 'f';
    if (!is_digit(c) && !letter) return std::nullopt;
    number = number * base + static_cast<std::uint64_t>(letter ? low - 'a' + 10 : c - '0');
  }
  return number;
}

/// "HTTP/1.1 200 OK" [RFC9112 §4]
Result<unsigned> status_of(std::string_view line) {
  constexpr std::size_t size = 12;  // up to the number's end
  const bool version = line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ");
  if (!version || line.size() < size || (line.size() > size && line[size] != ' ')) {
    return malformed("no status line of HTTP/1.1");
  }
  const auto number = number_of(line.substr(size - 3, 3), 10);
  if (!number || *number < 100 || *number > 599) return malformed("no status of HTTP");
  return static_cast<unsigned>(*number);
}

}  // namespace

std::optional<std::string_view> Answer::field(std::string_view name) const noexcept {
  const Field* found = nullptr;
  for (const Field& each : fields) {
    if (!base::equal_ignoring_case(each.name, name)) continue;
    if (found != nullptr) return std::nullopt;
    found = &each;
  }
  if (found == nullptr) return std::nullopt;
  return found->value;
}

bool Answer::leaves_connection() const noexcept {
  constexpr unsigned no_content = 204;
  constexpr unsigned not_modified = 304;
  const bool has_end = status == no_content || status == not_modified || field("content-length") ||
                       field("transfer-encoding");
  return has_end && std::ranges::none_of(fields, [](const Field& each) {
           return base::equal_ignoring_case(each.name, "connection") &&
                  !base::equal_ignoring_case(each.value, "keep-alive");
         });
}

Result<void> AnswerReader::take(core::ByteView bytes) {
  if (state_ == State::Complete && !bytes.empty()) return malformed("bytes behind the answer");
  pending_ += core::as_text(bytes);
  while (TRY(step())) {
  }
  if (state_ == State::Complete && !pending_.empty()) return malformed("bytes behind the answer");
  return {};
}

Result<void> AnswerReader::end() {
  if (state_ == State::UntilEnd) state_ = State::Complete;
  if (state_ != State::Complete) return malformed("the answer ends early");
  return {};
}

/// Whether it got on.
Result<bool> AnswerReader::step() {
  switch (state_) {
    case State::Head: return read_head();
    case State::ChunkSize: return read_chunk_size();
    case State::Trailer: return read_trailer();
    case State::Counted:
    case State::UntilEnd:
    case State::Chunk: return move_to_body();
    case State::Complete: break;
  }
  return false;
}

Result<bool> AnswerReader::read_head() {
  const std::size_t end = pending_.find("\r\n\r\n");
  if (end == std::string::npos || end > max_head_size) {
    if (pending_.size() > max_head_size + 3) {  // of the four bytes that end it
      return core::error(ErrorCode::Exhausted, "an answer with a head that is too long");
    }
    return false;
  }
  std::string_view head = std::string_view(pending_).substr(0, end);
  std::size_t line_end = std::min(head.find("\r\n"), head.size());
  answer_.status = TRY(status_of(head.substr(0, line_end)));
  while (line_end < head.size()) {
    head.remove_prefix(line_end + 2);
    line_end = std::min(head.find("\r\n"), head.size());
    TRY(read_field(head.substr(0, line_end)));
  }
  pending_.erase(0, end + 4);
  constexpr unsigned switching_protocols = 101;
  if (answer_.status == switching_protocols) return malformed("another protocol was not asked for");
  if (answer_.status < 200) {  // only says that the answer will come
    if (length_ || chunked_) return malformed("an interim answer with a body");
    TRY(pass_over(end));
    answer_ = {};
    return true;
  }
  TRY(begin_body());
  return true;
}

Result<void> AnswerReader::read_field(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
      !is_field_text(line.substr(colon))) {
    return malformed("a header that is none");
  }
  const std::string_view name = line.substr(0, colon);
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (base::equal_ignoring_case(name, "content-length")) {
    if (length_ || chunked_) return malformed("two lengths of one answer");
    length_ = number_of(value, 10);
    if (!length_) return malformed("a length that is no number");
  } else if (base::equal_ignoring_case(name, "transfer-encoding")) {
    if (length_ || chunked_) return malformed("two lengths of one answer");
    if (!base::equal_ignoring_case(value, "chunked")) return malformed("an unknown encoding");
    chunked_ = true;
  } else if (base::equal_ignoring_case(name, "content-type")) {
    answer_.content_type = value;
  }
  answer_.fields.push_back({std::string(name), std::string(value)});
  return {};
}

Result<void> AnswerReader::begin_body() {
  constexpr unsigned no_content = 204;
  constexpr unsigned not_modified = 304;
  constexpr unsigned ok = 200;
  constexpr unsigned part = 206;
  if (expected_ == AnswerBody::None) {
    state_ = State::Complete;
    return {};
  }
  to_sink_ = sink_ && (answer_.status == ok || answer_.status == part);
  limit_ = to_sink_ ? sink_limit_ : max_body_size_;
  left_ = length_.value_or(0);
  if (left_ > limit_) {
    return core::error(ErrorCode::Exhausted, "an answer that is too long", left_);
  }
  const bool none = answer_.status == no_content || answer_.status == not_modified;
  if (none || (length_ && left_ == 0)) {
    state_ = State::Complete;
  } else if (chunked_) {
    state_ = State::ChunkSize;
  } else {
    state_ = length_ ? State::Counted : State::UntilEnd;
  }
  return {};
}

/// Whoever sends faster than it is read here is asked for the time by nobody, so what is no part of
/// the answer has an end.
Result<void> AnswerReader::pass_over(std::size_t size) {
  aside_ += size;
  if (aside_ <= max_head_size) return {};
  return core::error(ErrorCode::Exhausted, "too much beside the answer");
}

Result<std::optional<std::string>> AnswerReader::next_line(std::size_t most) {
  const std::size_t end = pending_.find("\r\n");
  if (end == std::string::npos || end > most) {
    if (pending_.size() > most + 1) return core::error(ErrorCode::Exhausted, "a line too long");
    return std::optional<std::string>();
  }
  std::string line = pending_.substr(0, end);
  pending_.erase(0, end + 2);
  return std::optional(std::move(line));
}

Result<bool> AnswerReader::read_chunk_size() {
  const auto line = TRY(next_line(max_line));
  if (!line) return false;
  const std::size_t extension = std::min(line->find(';'), line->size());
  const auto size = number_of(trimmed(std::string_view(*line).substr(0, extension)), 16);
  if (!size || !is_field_text(*line)) return malformed("a chunk without a size");
  TRY(pass_over(line->size() - extension));
  if (*size > limit_ - received_) {
    return core::error(ErrorCode::Exhausted, "an answer that is too long");
  }
  left_ = *size + 2;
  state_ = *size == 0 ? State::Trailer : State::Chunk;
  return true;
}

/// Fields behind the last chunk are passed over.
Result<bool> AnswerReader::read_trailer() {
  const auto line = TRY(next_line(max_line));
  if (!line) return false;
  if (line->empty()) {
    state_ = State::Complete;
    return true;
  }
  left_ += line->size();
  if (left_ > max_head_size) return core::error(ErrorCode::Exhausted, "too long a trailer");
  return true;
}

Result<void> AnswerReader::take_body(std::string_view part) {
  if (part.size() > limit_ - received_) {
    return core::error(ErrorCode::Exhausted, "an answer that is too long");
  }
  received_ += part.size();
  if (to_sink_) return sink_(core::as_bytes(part));
  answer_.body.insert(answer_.body.end(), part.begin(), part.end());
  return {};
}

Result<bool> AnswerReader::move_to_body() {
  const bool chunk = state_ == State::Chunk;
  if (chunk && pending_.size() < left_ && pending_.size() + 2 > left_)
    return false;  // its line end
  const bool counted = state_ != State::UntilEnd;
  const std::size_t size =
      counted ? static_cast<std::size_t>(std::min<std::uint64_t>(pending_.size(), left_))
              : pending_.size();
  if (size == 0) return false;
  const bool ends = counted && size == left_;
  std::string_view part = std::string_view(pending_).substr(0, size);
  if (chunk && ends) {
    if (!part.ends_with("\r\n")) return malformed("a chunk of another size than it says");
    part.remove_suffix(2);
  }
  TRY(take_body(part));
  pending_.erase(0, size);
  left_ -= counted ? size : 0;
  if (ends) state_ = chunk ? State::ChunkSize : State::Complete;
  return true;
}

}  // namespace merlon::http_client
