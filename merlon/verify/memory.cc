// What was seen under the vendors' roots, and its text.

#include <algorithm>
#include <array>
#include <limits>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/verify/moment.h"

namespace merlon::verify {

namespace {

constexpr std::uint64_t form_version = 1;
constexpr std::uint64_t end_of_time = 253'402'300'799;  // of the year 9999

std::uint64_t seconds_of(codec::UnixTime time) noexcept {
  return time.seconds < 0 ? 0 : static_cast<std::uint64_t>(time.seconds);
}

core::Result<codec::UnixTime> time_of(const codec::JsonValue& value) {
  const auto seconds = value.number();
  if (!seconds || *seconds > end_of_time) {
    return core::Error{core::ErrorCode::Malformed, "a time is no whole number of seconds"};
  }
  return codec::UnixTime{static_cast<std::int64_t>(*seconds)};
}

}  // namespace

void Memory::merge(const Memory& other) {
  newest_issue = std::max(newest_issue, other.newest_issue);
  evaluation_number = std::max(evaluation_number, other.evaluation_number);
  for (const auto& [issuer, issued] : other.lists) {
    const auto found = lists.find(issuer);
    if (found != lists.end()) {
      found->second = std::max(found->second, issued);
    } else if (lists.size() < max_lists) {
      lists.emplace(issuer, issued);
    }
  }
}

std::string Memory::to_text() const {
  codec::JsonWriter json;
  json.open_object();
  json.key("version");
  json.number(form_version);
  json.key("newest_issue");
  json.number(seconds_of(newest_issue));
  json.key("evaluation_number");
  json.number(evaluation_number);
  json.key("lists");
  json.open_object();
  for (const auto& [issuer, issued] : lists) {
    json.key(base::hex(issuer.view()));
    json.number(seconds_of(issued));
  }
  json.close_object();
  json.close_object();
  return json.result() + "\n";
}

core::Result<Memory> Memory::parse(std::string_view text) {
  using core::Error;
  using core::ErrorCode;
  if (text.size() > max_text_size) return Error{ErrorCode::Exhausted, "is too long"};
  const auto document = TRY(codec::JsonDocument::parse(text));
  const codec::JsonValue& json = document.root();
  constexpr std::array<std::string_view, 4> members{"version", "newest_issue", "evaluation_number",
                                                    "lists"};
  if (json.kind() != codec::JsonKind::Object || !std::ranges::equal(json.names(), members)) {
    return Error{ErrorCode::Malformed, "has other members than a record of what was seen"};
  }
  if (json.items()[0].number() != form_version) {
    return Error{ErrorCode::Unsupported, "is of another version"};
  }
  Memory made;
  made.newest_issue = TRY(time_of(json.items()[1]));
  made.evaluation_number = static_cast<std::uint32_t>(
      TRY(json.number_member("evaluation_number", std::numeric_limits<std::uint32_t>::max())));
  const codec::JsonValue& lists = *TRY(json.member("lists", codec::JsonKind::Object));
  if (lists.names().size() > max_lists) return Error{ErrorCode::Exhausted, "has too many lists"};
  for (std::size_t i = 0; i < lists.names().size(); ++i) {
    const auto issuer = x509::AnchorId::from(TRY(codec::decode_hex(lists.names()[i])));
    if (!issuer) return Error{ErrorCode::Malformed, "the name of a list is no SHA-256"};
    made.lists.insert_or_assign(*issuer, TRY(time_of(lists.items()[i])));
  }
  return made;
}

}  // namespace merlon::verify
