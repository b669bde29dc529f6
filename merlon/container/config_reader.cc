#include "merlon/container/config_reader.h"

namespace merlon::container {

using base::concat;
using codec::JsonKind;

namespace {

bool holds_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

}  // namespace

Member Member::operator[](std::string_view name) const {
  const Json* found = is_there() ? value_->find(name) : nullptr;
  return {found, key_.empty() ? std::string(name) : concat(key_, ".", name)};
}

Checked<void> Member::must_be(JsonKind kind, std::string_view what) const {
  if (!is_there() || value_->kind() == kind) return {};
  return refusal(concat("must be ", what));
}

Checked<std::string> Member::text(std::size_t most) const {
  TRY(must_be(JsonKind::String, "a text"));
  if (!is_there()) return std::string();
  const std::string_view text = value_->text();
  if (text.size() > most) return refusal(concat("is longer than ", most, " bytes"));
  if (holds_nul(text)) return refusal("holds a NUL");
  return std::string(text);
}

Checked<bool> Member::truth() const {
  TRY(must_be(JsonKind::Boolean, "true or false"));
  return is_there() && value_->is_true();
}

Checked<std::optional<std::int64_t>> Member::integer() const {
  TRY(must_be(JsonKind::Number, "a number"));
  if (!is_there()) return std::optional<std::int64_t>();
  const auto number = value_->integer();
  if (!number) return refusal("must be a whole number of 64 bits");
  return number;
}

Checked<std::optional<std::uint64_t>> Member::number(std::uint64_t most) const {
  TRY(must_be(JsonKind::Number, "a number"));
  if (!is_there()) return std::optional<std::uint64_t>();
  const auto number = value_->number();
  if (!number || *number > most) return refusal(concat("must be a number from 0 to ", most));
  return number;
}

Checked<std::vector<Member>> Member::items(std::size_t most) const {
  TRY(must_be(JsonKind::Array, "a list"));
  std::vector<Member> all;
  if (!is_there()) return all;
  if (value_->items().size() > most) return refusal(concat("has more than ", most, " entries"));
  std::size_t index = 0;
  for (const Json& item : value_->items()) all.emplace_back(&item, concat(key_, "[", index++, "]"));
  return all;
}

Checked<std::vector<std::string>> Member::texts(std::size_t most, std::size_t longest) const {
  std::vector<std::string> all;
  const std::vector<Member> members = TRY(items(most));
  for (const Member& item : members) {
    if (!item.is_there()) return item.refusal("must be a text");
    all.push_back(TRY(item.text(longest)));
  }
  return all;
}

Checked<std::map<std::string, std::string>> Member::text_map(std::size_t most,
                                                             std::size_t longest) const {
  TRY(must_be(JsonKind::Object, "an object"));
  std::map<std::string, std::string> all;
  if (!is_there()) return all;
  if (value_->items().size() > most) return refusal(concat("has more than ", most, " entries"));
  for (std::size_t i = 0; i < value_->items().size(); ++i) {
    const std::string_view name = value_->names()[i];
    if (holds_nul(name)) return refusal("has a name that holds a NUL");
    const Member item(&value_->items()[i], concat(key_, "[", base::quoted(name, 80), "]"));
    all[std::string(name)] = TRY(item.text(longest));
  }
  return all;
}

bool Member::is_empty() const {
  if (!is_there()) return true;
  switch (value_->kind()) {
    case JsonKind::Null: return true;
    case JsonKind::Boolean: return !value_->is_true();
    case JsonKind::Number: return value_->integer() == 0;
    case JsonKind::String: return value_->text().empty();
    case JsonKind::Array:
    case JsonKind::Object: return value_->items().empty();
  }
  return false;
}

}  // namespace merlon::container
