#include "merlon/command/argument_files.h"

#include <algorithm>
#include <optional>

#include "merlon/base/text.h"
#include "merlon/codec/toml.h"
#include "merlon/core/bytes.h"
#include "merlon/os/open.h"

namespace merlon::command {

using base::concat;

namespace {

std::optional<std::string> scalar(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return concat(number->get());
  return std::nullopt;
}

core::Result<void, std::string> add_words(std::vector<std::string>& words, std::string_view key,
                                          const toml::node& node) {
  const std::string name = concat(key.size() == 1 ? "-" : "--", key);
  if (const auto* flag = node.as_boolean()) {
    if (flag->get()) words.push_back(name);
    return {};
  }
  const auto add = [&](const toml::node& each) {
    const auto value = scalar(each);
    if (value) words.push_back(concat(name, "=", *value));
    return value.has_value();
  };
  if (const auto* list = node.as_array()) {
    if (std::all_of(list->begin(), list->end(), add)) return {};
  } else if (add(node)) {
    return {};
  }
  return concat(base::quoted(key), ": is no text, number, true, false or list of these");
}

}  // namespace

core::Result<std::string, std::string> read_argument_file(const std::string& path) {
  constexpr std::size_t largest = 1U << 20U;
  const auto file = os::open_file(path);
  const auto bytes =
      file ? os::read_all(*file, largest) : os::Result<std::vector<std::uint8_t>>(file.error());
  if (bytes) return std::string(core::as_text(*bytes));
  return core::Unexpected(concat(base::printable(path), ": cannot be read: ",
                                 bytes.error() == os::Errno::Fbig
                                     ? concat("it is larger than ", largest, " bytes")
                                     : std::string(os::describe(bytes.error()))));
}

Words words_of_toml(std::string_view text) {
  const auto parsed = codec::parse_toml(text);
  if (!parsed) return concat("line ", parsed.error().line, ": ", parsed.error().what);
  std::vector<std::string> words;
  for (const auto& [key, node] : *parsed) TRY(add_words(words, key.str(), node));
  return words;
}

Words with_files(const std::vector<std::string>& words, const ArgumentReader& read) {
  std::vector<std::string> all;
  for (const std::string& word : words) {
    if (!word.starts_with('@')) {
      all.push_back(word);
      continue;
    }
    const std::string path = word.substr(1);
    const std::string text = TRY(read(path));
    auto of_file = words_of_toml(text);
    if (!of_file) return concat(base::printable(path), ": ", of_file.error());
    all.insert(all.end(), of_file->begin(), of_file->end());
  }
  return all;
}

std::vector<std::string> with_command(std::vector<std::string> words) {
  const bool asks_for_itself =
      words.size() == 1 && (words[0] == "--help" || words[0] == "-h" || words[0] == "--version");
  const bool names_one = !words.empty() && !words[0].starts_with('-');
  if (!asks_for_itself && !names_one) words.insert(words.begin(), "serve");
  return words;
}

}  // namespace merlon::command
