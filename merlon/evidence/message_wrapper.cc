#include "merlon/evidence/message_wrapper.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/codec/base64.h"
#include "merlon/codec/cbor.h"
#include "merlon/codec/json.h"
#include "merlon/evidence/evidence.h"
#include "merlon/evidence/foreign.h"
#include "merlon/evidence/json_form.h"
#include "merlon/evidence/structure.h"
#include "merlon/evidence/text_form.h"

namespace merlon::evidence {

using codec::CborMajor;
using codec::CborReader;
using codec::JsonDocument;
using codec::JsonKind;
using codec::JsonValue;
using core::ByteView;
using core::ErrorCode;
using core::Result;
using Unwrapped = std::optional<Result<Inside>>;

namespace {

constexpr std::size_t deepest = 8;
constexpr std::string_view type_label = "__cmwc_t";  ///< of a collection's own type

/// A message as it lies in its record.
struct Message {
  Bytes content;
  std::optional<std::uint64_t> kinds;  ///< what it says to be: a bit for each
};

constexpr std::uint64_t evidence_kind = 1U << 2U;

/// What the messages of a collection are taken for.
class Messages {
 public:
  /// `label` is a text of the collection's.
  Result<void> add(std::string_view label, Message message) {
    if (++count_ > max_carried) {
      return core::error(ErrorCode::Exhausted, "a collection of more messages than are looked at",
                         count_);
    }
    const ByteView bytes = message.content;
    const bool by_its_word = !message.kinds || (*message.kinds & evidence_kind) != 0;
    if (!by_its_word || (is_shaped_as_endorsement(bytes) && !carries_evidence(bytes))) {
      return add_beside(label, bytes);
    }
    if (const char* foreign = foreign_kind(bytes)) {
      tell(label, foreign);
      return {};
    }
    constexpr std::size_t least_evidence = 400;
    if (bytes.size() < least_evidence) {
      tell(label, "too short for evidence");
      return {};
    }
    if (std::ranges::find(found_, message.content) == found_.end()) {
      found_.push_back(std::move(message.content));
    }
    return {};
  }

  [[nodiscard]] Result<Inside> result() && {
    if (found_.empty()) {
      return core::error(ErrorCode::Malformed,
                         "a collection of messages of which none can be evidence that is judged");
    }
    if (found_.size() > 1) {
      return core::error(
          ErrorCode::Malformed,
          "a collection of more than one piece of evidence: each is judged by itself",
          found_.size());
    }
    return Inside{std::move(found_.front()), std::move(beside_), std::move(notes_)};
  }

 private:
  static bool carries_evidence(ByteView bytes) {
    return unwrap_certificate(bytes).has_value() || unwrap_json(bytes).has_value();
  }

  Result<void> add_beside(std::string_view label, ByteView bytes) {
    const auto added = beside_.add(bytes);
    if (added) return {};
    if (added.error().code != ErrorCode::Malformed) return added.error();
    tell(label, "neither evidence, by its own word, nor what vouches for it");
    return {};
  }

  void tell(std::string_view label, std::string_view what) {
    constexpr std::size_t longest = 64;
    notes_.push_back(base::concat("a message of the collection, \"",
                                  base::printable(label, longest), "\", is ", what));
  }

  std::size_t count_ = 0;
  std::vector<Bytes> found_;
  Endorsements beside_;
  std::vector<std::string> notes_;
};

/// Whether a value has the form of a record.
bool is_record(const JsonValue& value) noexcept {
  const auto items = value.items();
  return value.kind() == JsonKind::Array && items.size() >= 2 && items.size() <= 3 &&
         (items[0].kind() == JsonKind::String || items[0].number().has_value()) &&
         items[1].kind() == JsonKind::String && (items.size() < 3 || items[2].number());
}

Result<Message> message_of(const JsonValue& record) {
  auto content = codec::decode_any_base64(record.items()[1].text());
  if (!content) {
    return core::error(ErrorCode::Malformed, "a message wrapper whose content is not base64url");
  }
  Message message{*std::move(content), std::nullopt};
  if (record.items().size() == 3) message.kinds = record.items()[2].number();
  return message;
}

/// Whether an object is a collection, down to its last record.
bool is_collection(const JsonValue& value, std::size_t depth) noexcept {
  if (value.kind() != JsonKind::Object || depth == deepest) return false;
  std::size_t messages = 0;
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    const JsonValue& item = value.items()[i];
    if (value.names()[i] == type_label) {
      if (item.kind() != JsonKind::String || item.text().empty()) return false;
      continue;
    }
    if (!is_record(item) && !is_collection(item, depth + 1)) return false;
    ++messages;
  }
  return messages > 0;
}

Result<void> add_collection(Messages& to, const JsonValue& collection) {
  for (std::size_t i = 0; i < collection.items().size(); ++i) {
    const JsonValue& item = collection.items()[i];
    if (item.kind() == JsonKind::Object) TRY(add_collection(to, item));  // as deep as was looked at
    if (item.kind() == JsonKind::Array) TRY(to.add(collection.names()[i], TRY(message_of(item))));
  }
  return {};
}

}  // namespace

Unwrapped unwrap_json_cmw(ByteView bytes) {
  const auto text = text_of(bytes);
  if (!text || !text->starts_with('[')) return std::nullopt;
  const auto document = JsonDocument::parse(*text);
  if (!document || !is_record(document->root())) return std::nullopt;
  auto message = message_of(document->root());
  if (!message) return message.error();
  return Inside{std::move(message->content), {}, {}};
}

Unwrapped unwrap_json_collection(ByteView bytes) {
  const auto text = text_of(bytes);
  if (!text || !text->starts_with('{')) return std::nullopt;
  const auto document = JsonDocument::parse(*text);
  if (!document || !is_collection(document->root(), 0)) return std::nullopt;
  Messages messages;
  if (const auto added = add_collection(messages, document->root()); !added) return added.error();
  return std::move(messages).result();
}

namespace {

/// Tags that stand for a content format of CoAP [RFC9277 appendix B].
constexpr bool is_message_tag(std::uint64_t tag) noexcept {
  return tag >= 1'668'546'817 && tag <= 1'668'612'095;
}

/// A record or a tag with its message.
Result<Message> read_message(CborReader& reader) {
  if (TRY(reader.peek()) == CborMajor::Tag) {
    if (!is_message_tag(TRY(reader.tag()))) {
      return core::error(ErrorCode::Malformed, "a CBOR tag that stands for no message");
    }
    const ByteView content = TRY(reader.bytes());
    return Message{{content.begin(), content.end()}, std::nullopt};
  }
  const std::uint64_t items = TRY(reader.array());
  if (items < 2 || items > 3) {
    return core::error(ErrorCode::Malformed, "a message wrapper has two or three members", items);
  }
  if (TRY(reader.peek()) == CborMajor::Text) {
    TRY(reader.text());
  } else {
    TRY(reader.unsigned_number());
  }
  const ByteView content = TRY(reader.bytes());
  Message message{{content.begin(), content.end()}, std::nullopt};
  if (items == 3) message.kinds = TRY(reader.unsigned_number());
  return message;
}

/// [quote, claims, …] behind tag 60000; the claims are another's business.
Result<Inside> read_tagged_quote(CborReader& reader) {
  const std::uint64_t items = TRY(reader.array());
  if (items < 2 || items > 3) {
    return core::error(ErrorCode::Malformed, "a tagged quote has two or three members", items);
  }
  const ByteView quote = TRY(reader.bytes());
  return Inside{{quote.begin(), quote.end()}, {}, {}};
}

/// A label is a text or a number of either sign.
Result<std::string> read_label(CborReader& reader) {
  if (TRY(reader.peek()) == CborMajor::Text) return std::string(TRY(reader.text()));
  const bool negative = TRY(reader.peek()) == CborMajor::Negative;
  const std::uint64_t number = TRY(negative ? reader.negative_number() : reader.unsigned_number());
  return negative ? base::concat("-", number + 1) : base::concat(number);
}

/// A collection whose members are being read.
struct Open {
  std::uint64_t left = 0;
  std::vector<std::string> labels;
};

/// Begins a collection in those that are open.
Result<void> open_collection(CborReader& reader, std::vector<Open>& open) {
  if (open.size() == deepest) {
    return core::error(ErrorCode::Exhausted, "more collections in one another than are read",
                       deepest);
  }
  const std::uint64_t members = TRY(reader.map());
  if (members == 0 || members > max_carried + 1) {
    return core::error(ErrorCode::Malformed, "a collection without messages, or of too many",
                       members);
  }
  open.push_back({members, {}});
  return {};
}

/// One member of the innermost collection.
Result<void> read_member(CborReader& reader, std::vector<Open>& open, Messages& to) {
  Open& inner = open.back();
  --inner.left;
  // A label is a text or a number, and "1" is not 1.
  const bool text = TRY(reader.peek()) == CborMajor::Text;
  const std::string label = TRY(read_label(reader));
  const std::string unique = base::concat(text ? "t" : "n", label);
  if (std::ranges::find(inner.labels, unique) != inner.labels.end()) {
    return core::error(ErrorCode::Malformed, "a collection with one label twice");
  }
  inner.labels.push_back(unique);
  if (text && label == type_label) {
    if (TRY(reader.text()).empty()) {
      return core::error(ErrorCode::Malformed, "a collection whose type is empty");
    }
    return {};
  }
  if (TRY(reader.peek()) == CborMajor::Map) return open_collection(reader, open);
  return to.add(label, TRY(read_message(reader)));
}

Result<void> read_collection(CborReader reader, Messages& to) {
  std::vector<Open> open;
  TRY(open_collection(reader, open));
  while (!open.empty()) {
    if (open.back().left == 0) {
      open.pop_back();
    } else {
      TRY(read_member(reader, open, to));
    }
  }
  if (!reader.at_end()) {
    return core::error(ErrorCode::Malformed, "behind a collection of messages something follows");
  }
  return {};
}

}  // namespace

Unwrapped unwrap_cbor(ByteView bytes) {
  constexpr std::uint64_t tagged_quote = 60000;
  CborReader reader(bytes);
  const auto major = reader.peek();
  if (!major) return std::nullopt;
  if (*major == CborMajor::Tag) {
    CborReader ahead = reader;
    const auto tag = ahead.tag();
    if (!tag || (*tag != tagged_quote && !is_message_tag(*tag))) return std::nullopt;
    if (*tag == tagged_quote) return read_tagged_quote(ahead);
  } else if (*major != CborMajor::Array) {
    return std::nullopt;
  }
  auto message = read_message(reader);
  // What begins with a small array may be anything; what begins with such a tag is nothing else.
  if (!message) return *major == CborMajor::Tag ? Unwrapped(message.error()) : std::nullopt;
  return Inside{std::move(message->content), {}, {}};
}

Unwrapped unwrap_cbor_collection(ByteView bytes) {
  CborReader reader(bytes);
  const auto major = reader.peek();
  if (!major || *major != CborMajor::Map) return std::nullopt;
  Messages messages;
  const auto read = read_collection(reader, messages);
  // A map has no mark: other structures begin with such a byte as well.
  if (!read && read.error().code == ErrorCode::Malformed) return std::nullopt;
  if (!read) return read.error();
  return std::move(messages).result();
}

}  // namespace merlon::evidence
