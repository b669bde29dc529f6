#include "merlon/launch/aesm.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>

#include "merlon/base/byte_writer.h"
#include "merlon/core/reader.h"
#include "merlon/launch/stream.h"

namespace merlon::launch {

using core::ByteView;
using core::ErrorCode;
using core::Reader;
using core::Result;
using Bytes = std::vector<std::uint8_t>;

namespace {

core::Error malformed(const char* what) { return core::error(ErrorCode::Malformed, what); }

/// [PROTOBUF encoding, "Message Structure"]
enum class WireType : std::uint8_t { Number = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

/// What a service answers to a request that it does not know.
constexpr std::uint32_t unsupported_field = 20;
constexpr std::uint32_t timeout_field = 9;

std::optional<AesmCommand> command_of(std::uint64_t field) noexcept {
  for (const AesmCommand each : {AesmCommand::InitQuote, AesmCommand::QuoteSize, AesmCommand::Quote,
                                 AesmCommand::KeyCount, AesmCommand::Keys}) {
    if (field == static_cast<std::uint32_t>(each)) return each;
  }
  return std::nullopt;
}

/// Base 128, least significant first, in the shortest form.
Result<std::uint64_t> read_varint(Reader& reader) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t byte = TRY(reader.u8());
    const std::uint64_t bits = byte & 0x7FU;
    if (shift == 63 && bits > 1) return malformed("a number of more than 64 bits");
    value |= bits << shift;
    if ((byte & 0x80U) != 0) continue;
    if (byte == 0 && shift > 0) return malformed("a number that is longer than it need be");
    return value;
  }
  return malformed("a number of more than 64 bits");
}

void write_varint(base::ByteWriter& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out.u8(static_cast<std::uint8_t>(value | 0x80U));
  out.u8(static_cast<std::uint8_t>(value));
}

/// One field of a message. Numbers have no bytes.
struct Field {
  std::uint64_t number = 0;
  WireType type = WireType::Number;
  std::uint64_t value = 0;
  ByteView bytes;
};

Result<Field> read_field(Reader& reader) {
  const std::uint64_t tag = TRY(read_varint(reader));
  Field field;
  field.number = tag >> 3U;
  field.type = static_cast<WireType>(tag & 7U);
  if (field.number == 0 || field.number > 0x1FFF'FFFF) return malformed("a field without a number");
  switch (field.type) {
    case WireType::Number: field.value = TRY(read_varint(reader)); return field;
    case WireType::Fixed64: TRY(reader.skip(8)); return field;
    case WireType::Fixed32: TRY(reader.skip(4)); return field;
    case WireType::Bytes: {
      const std::uint64_t size = TRY(read_varint(reader));
      if (size > reader.remaining()) return malformed("a field that is longer than its message");
      field.bytes = TRY(reader.bytes(static_cast<std::size_t>(size)));
      return field;
    }
  }
  return malformed("a field of an unknown kind");
}

/// What a field of a message is read into.
struct Slot {
  std::uint32_t number = 0;
  Bytes* bytes = nullptr;
  std::uint64_t* value = nullptr;
  bool required = false;
};

/// Reads `message` into `slots`, which are fewer than 8.
Result<void> read_message(ByteView message, std::initializer_list<Slot> slots, bool pass_over) {
  std::bitset<8> seen;
  for (Reader reader(message); !reader.at_end();) {
    const Field field = TRY(read_field(reader));
    const Slot* const slot = std::find_if(
        slots.begin(), slots.end(), [&](const Slot& each) { return each.number == field.number; });
    if (slot == slots.end()) {
      if (pass_over) continue;
      return malformed("a field that this message has not");
    }
    const auto index = static_cast<std::size_t>(slot - slots.begin());
    if (seen[index]) return malformed("a field that is there twice");
    seen.set(index);
    const bool wants_bytes = slot->bytes != nullptr;
    if (field.type != (wants_bytes ? WireType::Bytes : WireType::Number)) {
      return malformed("a field of another kind");
    }
    if (wants_bytes) slot->bytes->assign(field.bytes.begin(), field.bytes.end());
    if (!wants_bytes) *slot->value = field.value;
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (slots.begin()[i].required && !seen[i]) return malformed("a field that is missing");
  }
  return {};
}

/// The one message in it, and which.
Result<Field> read_envelope(ByteView message) {
  if (message.size() > max_aesm_message) {
    return core::error(ErrorCode::Exhausted, "a message that is too long", message.size());
  }
  Reader reader(message);
  const Field field = TRY(read_field(reader));
  if (!reader.at_end() || field.type != WireType::Bytes) {
    return malformed("not one message in an envelope");
  }
  return field;
}

class MessageWriter {
 public:
  void number(std::uint32_t field, std::uint64_t value) {
    write_varint(out_, std::uint64_t{field} << 3U);
    write_varint(out_, value);
  }
  void bytes(std::uint32_t field, ByteView value) {
    write_varint(out_, std::uint64_t{field} << 3U | static_cast<unsigned>(WireType::Bytes));
    write_varint(out_, value.size());
    out_.bytes(value);
  }
  Bytes in_envelope(AesmCommand command) {
    MessageWriter envelope;
    envelope.bytes(static_cast<std::uint32_t>(command), out_.take());
    return envelope.out_.take();
  }

 private:
  base::ByteWriter out_;
};

Result<std::uint32_t> narrowed(std::uint64_t value) {
  if (value > UINT32_MAX) return malformed("a number of more than 32 bits");
  return static_cast<std::uint32_t>(value);
}

Result<void> read_request(ByteView body, AesmRequest& made) {
  std::uint64_t timeout = 0;
  std::uint64_t flag = 0;
  const Slot times{timeout_field, nullptr, &timeout};
  switch (made.command) {
    case AesmCommand::InitQuote:
      TRY(read_message(
          body,
          {{1, &made.key, nullptr}, {3, nullptr, &flag, true}, {4, nullptr, &made.room}, times},
          false));
      break;
    case AesmCommand::QuoteSize:
      TRY(read_message(body, {{1, &made.key, nullptr}, times}, false));
      break;
    case AesmCommand::Quote:
      TRY(read_message(body,
                       {{1, &made.report, nullptr, true},
                        {2, &made.key, nullptr},
                        {4, nullptr, &made.room, true},
                        times},
                       false));
      break;
    case AesmCommand::KeyCount: TRY(read_message(body, {times}, false)); break;
    case AesmCommand::Keys:
      TRY(read_message(body, {{1, nullptr, &made.room, true}, times}, false));
      break;
  }
  if (flag > 1) return malformed("neither yes nor no");
  if (made.command != AesmCommand::InitQuote) TRY(narrowed(made.room));
  made.wants_key_id = flag == 1;
  made.timeout = TRY(narrowed(timeout));
  return {};
}

}  // namespace

std::uint32_t algorithm_of(ByteView key) noexcept {
  if (key.size() != aesm_key_size) return 0;
  Reader reader(key.subspan(aesm_algorithm_offset));
  return reader.u32().value_or(0);
}

Bytes AesmRequest::bytes() const {
  MessageWriter out;
  switch (command) {
    case AesmCommand::InitQuote:
      if (!key.empty()) out.bytes(1, key);
      out.number(3, wants_key_id ? 1 : 0);
      if (room != 0) out.number(4, room);
      break;
    case AesmCommand::QuoteSize:
      if (!key.empty()) out.bytes(1, key);
      break;
    case AesmCommand::Quote:
      out.bytes(1, report);
      if (!key.empty()) out.bytes(2, key);
      out.number(4, room);
      break;
    case AesmCommand::KeyCount: break;
    case AesmCommand::Keys: out.number(1, room); break;
  }
  if (timeout != 0) out.number(timeout_field, timeout);
  return out.in_envelope(command);
}

Result<AesmRequest> AesmRequest::parse(ByteView message) {
  const Field field = TRY(read_envelope(message));
  const auto command = command_of(field.number);
  if (!command) {
    return core::error(ErrorCode::Unsupported, "a request that is not served", field.number);
  }
  AesmRequest made;
  made.command = *command;
  TRY(read_request(field.bytes, made));
  return made;
}

Bytes AesmAnswer::bytes() const {
  MessageWriter out;
  out.number(1, error);
  if (error == 0) {
    switch (command) {
      case AesmCommand::InitQuote:
        if (!content.empty()) out.bytes(2, content);
        out.number(3, number);
        break;
      case AesmCommand::QuoteSize:
      case AesmCommand::KeyCount: out.number(2, number); break;
      case AesmCommand::Quote:
      case AesmCommand::Keys: out.bytes(2, content); break;
    }
  }
  return out.in_envelope(command);
}

Result<AesmAnswer> AesmAnswer::parse(ByteView message) {
  const Field field = TRY(read_envelope(message));
  const auto command = command_of(field.number);
  if (!command) {
    return core::error(ErrorCode::Unsupported,
                       field.number == unsupported_field ? "the service does not know the request"
                                                         : "an answer to another request",
                       field.number);
  }
  AesmAnswer made;
  made.command = *command;
  std::uint64_t error = 0;
  const Slot errors{1, nullptr, &error, true};
  switch (made.command) {
    case AesmCommand::InitQuote:
      TRY(read_message(field.bytes,
                       {errors, {2, &made.content, nullptr}, {3, nullptr, &made.number}}, true));
      break;
    case AesmCommand::QuoteSize:
    case AesmCommand::KeyCount:
      TRY(read_message(field.bytes, {errors, {2, nullptr, &made.number}}, true));
      break;
    case AesmCommand::Quote:
    case AesmCommand::Keys:
      TRY(read_message(field.bytes, {errors, {2, &made.content, nullptr}}, true));
      break;
  }
  made.error = TRY(narrowed(error));
  return made;
}

std::string_view aesm_error_name(std::uint32_t error) noexcept {
  constexpr std::array<std::string_view, 32> names{
      "success",
      "unexpected error",
      "no device",
      "parameter error",
      "EPID blob error",
      "EPID key revoked",
      "no launch token",
      "session invalid",
      "too many sessions",
      "PSDA unavailable",
      "session failed",
      "pairing failed",
      "network error",
      "network busy",
      "proxy settings needed",
      "a file cannot be accessed",
      "provisioning failed",
      "service stopped",
      "busy",
      "provisioning server busy",
      "software update needed",
      "out of memory",
      "message error",
      "thread error",
      "SGX device not available",
      "SGX device cannot be enabled",
      "platform information with a bad signature",
      "service not available",
      "key derivation mismatch",
      "out of enclave memory (EPC)",
      "service unavailable: no quoting enclave, or no PCK certificate",
      "platform not recognized"};
  return error < names.size() ? names[error] : "an unknown error";
}

Bytes aesm_frame(ByteView message) {
  base::ByteWriter out;
  out.u32(static_cast<std::uint32_t>(message.size()));
  out.bytes(message);
  return out.take();
}

Result<std::size_t> aesm_frame_size(ByteView head) {
  Reader reader(head);
  const std::uint32_t size = TRY(reader.u32());
  if (size > max_aesm_message) {
    return core::error(ErrorCode::Exhausted, "a message that is too long", size);
  }
  return std::size_t{size};
}

Result<Bytes> receive_aesm_message(os::BorrowedFd channel) {
  std::array<std::uint8_t, 4> head{};
  TRY(read_stream(channel, head, true));
  Bytes message(TRY(aesm_frame_size(head)));
  TRY(read_stream(channel, message, false));
  return message;
}

}  // namespace merlon::launch
