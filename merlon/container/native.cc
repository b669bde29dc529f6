#include "merlon/container/native.h"

#include <algorithm>

#include "merlon/base/text.h"
#include "merlon/os/open.h"
#include "merlon/os/process.h"

namespace merlon::container {

using base::concat;

namespace {

bool is_own(std::string_view word, std::string_view option) {
  return word == option || word.starts_with(concat(option, "="));
}

}  // namespace

std::vector<std::string> native_words(const std::string& program,
                                      const std::vector<std::string>& words) {
  std::vector<std::string> all{program};
  bool before = true;  // the command's name
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::string& word = words[at];
    const bool own = before && (is_own(word, "--native-runtime") || is_own(word, "--config"));
    if (own) {
      if (word.find('=') == std::string::npos) ++at;
      continue;
    }
    const bool has_value =
        word == "--root" || word == "--log" || word == "--log-format" || word == "--rootless";
    all.push_back(word);
    if (before && has_value && at + 1 < words.size()) all.push_back(words[++at]);
    if (!word.starts_with("-")) before = false;
  }
  return all;
}

Refusal become_native(const std::string& program, const std::vector<std::string>& words,
                      std::string_view search) {
  const std::vector<std::string> call = native_words(program, words);
  std::string path = program;
  if (program.find('/') == std::string::npos) {
    while (!search.empty()) {
      const std::string_view folder = search.substr(0, search.find(':'));
      search.remove_prefix(std::min(search.size(), folder.size() + 1));
      path = concat(folder, "/", program);
      if (folder.starts_with('/') && os::exists(path)) break;
    }
  }
  const os::Errno reason = os::become(path, call);
  return {concat("--native-runtime ", base::printable(program), ": ", os::describe(reason))};
}

}  // namespace merlon::container
