#include "merlon/cli_deploy/token_source.h"

#include <algorithm>
#include <array>

#include "merlon/base/text.h"
#include "merlon/os/file.h"

namespace merlon::cli_deploy {

using base::concat;
using cli_evidence::Failure;
using cli_evidence::Result;
using cli_evidence::Status;

namespace {

constexpr std::size_t largest = 8192;

/// Of standard input, and no byte more: what follows is the workload's.
Result<std::string> read_line() {
  std::string line;
  while (line.size() <= largest) {
    char letter = 0;
    const std::array<::iovec, 1> into{{{&letter, 1}}};
    const auto got = os::read(os::BorrowedFd(0), into);
    if (!got && got.error() == os::Errno::Intr) continue;
    if (!got || *got == 0 || letter == '\n') return line;
    line += letter;
  }
  return Failure{"--token -: the first line is too long for a token", Status::Unusable};
}

/// "Bearer …" [RFC6750 §2.1]
Result<std::string> header_of(std::string_view token, std::string_view where) {
  while (!token.empty() && static_cast<unsigned char>(token.back()) <= ' ') token.remove_suffix(1);
  const bool shows = std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
  if (!token.empty() && token.size() <= largest && shows) return concat("Bearer ", token);
  return Failure{concat(where, ": is no token"), Status::Unusable};
}

}  // namespace

Result<TokenSource> TokenSource::of(const cli::Arguments& arguments,
                                    const cli::Terminal& terminal) {
  TokenSource source;
  const std::string file = arguments.value("--token");
  if (file == "-") {
    source.text_ = TRY(read_line());
    TRY(header_of(source.text_, "--token -"));
  } else if (!file.empty()) {
    source.file_ = file;
  } else {
    source.text_ = terminal.variable("MERLON_TOKEN");
  }
  return source;
}

Result<std::string> TokenSource::authorization() const {
  if (!file_.empty()) {
    const auto bytes = TRY(cli_evidence::read_bytes(file_, largest));
    return header_of(core::as_text(bytes), base::printable(file_));
  }
  if (text_.empty()) return std::string();
  return header_of(text_, "MERLON_TOKEN");
}

}  // namespace merlon::cli_deploy
