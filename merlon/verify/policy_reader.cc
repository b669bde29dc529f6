#include "merlon/verify/policy_reader.h"

#include <algorithm>
#include <charconv>

namespace merlon::verify {

using base::concat;

namespace {

std::string shown(std::string_view key) {
  const bool bare = !key.empty() && key.size() <= 64 && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return bare ? std::string(key) : base::quoted(key, 64);
}

std::optional<std::uint64_t> number_of(const toml::node& node) {
  if (const auto* integer = node.as_integer()) {
    if (integer->get() < 0) return std::nullopt;
    return static_cast<std::uint64_t>(integer->get());
  }
  const auto* text = node.as_string();
  if (text == nullptr || !text->get().starts_with("0x")) return std::nullopt;
  const std::string_view digits = std::string_view(text->get()).substr(2);
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string PolicyError::text() const {
  const std::string line_text = line > 0 ? concat(":", line) : "";
  return concat(file, line_text, key.empty() ? ": " : concat(": ", key, ": "), what);
}

const toml::node* PolicyTable::get(std::string_view key) {
  known_.emplace_back(key);
  return table_.get(key);
}

PolicyError PolicyTable::refuse(std::string_view key, std::string what) const {
  const toml::node* node = table_.get(key);
  const auto line = node != nullptr ? node->source().begin.line : table_.source().begin.line;
  return {std::string(file_), line, concat(path_, path_.empty() ? "" : ".", shown(key)),
          std::move(what)};
}

PolicyResult<const toml::table*> PolicyTable::table(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return static_cast<const toml::table*>(nullptr);
  if (!node->is_table()) return refuse(key, "must be a table");
  return node->as_table();
}

PolicyResult<std::optional<bool>> PolicyTable::boolean(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::optional<bool>{};
  if (!node->is_boolean()) return refuse(key, "must be true or false");
  return std::optional<bool>(node->as_boolean()->get());
}

PolicyResult<std::optional<std::string>> PolicyTable::text(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::optional<std::string>{};
  if (!node->is_string()) return refuse(key, "must be a string");
  return std::optional<std::string>(node->as_string()->get());
}

PolicyResult<std::optional<std::vector<std::string>>> PolicyTable::texts(std::string_view key) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::optional<std::vector<std::string>>{};
  const toml::array* array = node->as_array();
  if (array == nullptr) return refuse(key, "must be an array of strings");
  std::vector<std::string> all;
  for (const toml::node& item : *array) {
    if (!item.is_string()) return refuse(key, "must be an array of strings");
    all.push_back(item.as_string()->get());
  }
  return std::optional<std::vector<std::string>>(std::move(all));
}

PolicyResult<std::optional<std::uint64_t>> PolicyTable::number(std::string_view key,
                                                               std::uint64_t max) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::optional<std::uint64_t>{};
  const auto value = number_of(*node);
  if (!value || *value > max) {
    return refuse(key, concat("must be a whole number from 0 to ", max, ", or \"0x…\""));
  }
  return value;
}

PolicyResult<std::optional<std::vector<std::uint64_t>>> PolicyTable::numbers(std::string_view key,
                                                                             std::uint64_t max) {
  const toml::node* node = get(key);
  if (node == nullptr) return std::optional<std::vector<std::uint64_t>>{};
  const toml::array* array = node->as_array();
  if (array == nullptr) return refuse(key, "must be an array of whole numbers");
  std::vector<std::uint64_t> all;
  for (const toml::node& item : *array) {
    const auto value = number_of(item);
    if (!value || *value > max) {
      return refuse(key, concat("must be an array of whole numbers from 0 to ", max));
    }
    all.push_back(*value);
  }
  return std::optional<std::vector<std::uint64_t>>(std::move(all));
}

namespace {

/// The last second of a day that is written as a date or as text; nothing if it is neither.
std::optional<codec::UnixTime> end_of_day(const toml::node& node) {
  core::Result<codec::UnixTime> first = core::Error{core::ErrorCode::Malformed, "no date"};
  if (const auto* date = node.as_date()) {
    first = codec::to_unix({date->get().year, date->get().month, date->get().day, 0, 0, 0});
  } else if (const auto* text = node.as_string(); text != nullptr && text->get().size() == 10) {
    first = codec::parse_rfc3339(text->get());
  }
  if (!first) return std::nullopt;
  return codec::UnixTime{first->seconds + codec::seconds_per_day - 1};
}

}  // namespace

PolicyResult<std::vector<Waiver>> PolicyTable::waivers(std::string_view key) {
  constexpr std::size_t longest_name = 64;
  const toml::node* node = get(key);
  std::vector<Waiver> all;
  if (node == nullptr) return all;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    return refuse(key, "must be an array of { advisory = \"…\", until = 2027-03-01 }");
  }
  for (const toml::node& item : *array) {
    const toml::table* found = item.as_table();
    if (found == nullptr) {
      return refuse(key, "must be an array of { advisory = \"…\", until = 2027-03-01 }");
    }
    PolicyTable entry(*found, concat(path_, ".", key), file_);
    const auto name = TRY(entry.text("advisory"));
    const toml::node* until = entry.get("until");
    TRY(entry.finish());
    if (!name || name->empty() || name->size() > longest_name) {
      return refuse(key, "each waiver must name one advisory");
    }
    const auto end = until == nullptr ? std::nullopt : end_of_day(*until);
    if (!end)
      return refuse(key, concat("the waiver of ", base::quoted(*name, 40),
                                " needs a day up to which it counts: until = 2027-03-01"));
    all.push_back({*name, *end});
  }
  return all;
}

PolicyResult<void> PolicyTable::finish() const {
  for (const auto& [key, value] : table_) {
    if (std::ranges::find(known_, key.str()) != known_.end()) continue;
    std::string list;
    for (const std::string& known : known_) list += concat(list.empty() ? "" : ", ", known);
    return refuse(key.str(), concat("is no key of a policy; there are: ", list));
  }
  return {};
}

PolicyResult<toml::table> parse_toml(std::string_view text, std::string_view file) {
  if (text.size() > max_policy_size) {
    return PolicyError{std::string(file), 0, "",
                       concat("is longer than ", max_policy_size, " bytes")};
  }
  auto parsed = codec::parse_toml(text, file);
  if (parsed) return *std::move(parsed);
  return PolicyError{std::string(file), parsed.error().line, "",
                     concat("not valid TOML: ", parsed.error().what)};
}

}  // namespace merlon::verify
