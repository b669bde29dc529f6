// What was seen under the vendors' roots, and its text.

#include <algorithm>
#include <array>
#include <limits>
#include <span>

#include "merlon/base/text.h"
#include "merlon/codec/hex.h"
#include "merlon/codec/json.h"
#include "merlon/codec/json_writer.h"
#include "merlon/verify/moment.h"

namespace merlon::verify {

namespace {

constexpr std::uint64_t form_version = 2;
constexpr std::uint64_t old_form_version = 1;           ///< without documents
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

/// Takes what is newer of `from`, and new keys up to `max` in all.
template <typename Key>
void merge_times(std::map<Key, codec::UnixTime>& to, const std::map<Key, codec::UnixTime>& from,
                 std::size_t max) {
  for (const auto& [key, issued] : from) {
    const auto found = to.find(key);
    if (found != to.end()) {
      found->second = std::max(found->second, issued);
    } else if (to.size() < max) {
      to.emplace(key, issued);
    }
  }
}

/// As names of documents are made: "tcb-sgx-00606a000000-0000", "identity-QE".
bool is_document_name(std::string_view name) noexcept {
  constexpr std::size_t longest = 40;
  return !name.empty() && name.size() <= longest && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

/// Whether the members are those of the form that the first says; Unsupported for another form.
core::Result<bool> has_documents(const codec::JsonValue& json) {
  constexpr std::array<std::string_view, 5> members{"version", "newest_issue", "evaluation_number",
                                                    "lists", "documents"};
  const auto names = json.names();
  const bool all = std::ranges::equal(names, members);
  if (json.kind() != codec::JsonKind::Object ||
      (!all && !std::ranges::equal(names, std::span(members).first(4)))) {
    return core::Error{core::ErrorCode::Malformed,
                       "has other members than a record of what was seen"};
  }
  if (json.items()[0].number() != (all ? form_version : old_form_version)) {
    return core::Error{core::ErrorCode::Unsupported, "is of another version"};
  }
  return all;
}

}  // namespace

void Memory::merge(const Memory& other) {
  newest_issue = std::max(newest_issue, other.newest_issue);
  evaluation_number = std::max(evaluation_number, other.evaluation_number);
  merge_times(lists, other.lists, max_lists);
  merge_times(documents, other.documents, max_documents);
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
  json.key("documents");
  json.open_object();
  for (const auto& [name, issued] : documents) {
    json.key(name);
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
  const bool with_documents = TRY(has_documents(json));
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
  if (!with_documents) return made;
  const codec::JsonValue& documents = *TRY(json.member("documents", codec::JsonKind::Object));
  if (documents.names().size() > max_documents) {
    return Error{ErrorCode::Exhausted, "has too many documents"};
  }
  for (std::size_t i = 0; i < documents.names().size(); ++i) {
    const std::string_view name = documents.names()[i];
    if (!is_document_name(name)) return Error{ErrorCode::Malformed, "has no name of a document"};
    made.documents.insert_or_assign(std::string(name), TRY(time_of(documents.items()[i])));
  }
  return made;
}

}  // namespace merlon::verify
