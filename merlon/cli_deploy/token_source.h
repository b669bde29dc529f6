#pragma once

// The bearer token by which a tenant asks a gatehouse [RFC6750]. It is a secret: it stands in no
// line for people and in no file of ours.

#include <string>

#include "merlon/cli_evidence/files.h"

namespace merlon::cli_deploy {

class TokenSource {
 public:
  TokenSource() = default;

  /// Of --token or MERLON_TOKEN; none without either. "-" reads a line of standard input.
  [[nodiscard]] static cli_evidence::Result<TokenSource> of(const cli::Arguments& arguments,
                                                            const cli::Terminal& terminal);
  /// None for an empty path.
  [[nodiscard]] static TokenSource of_file(std::string path) {
    TokenSource source;
    source.file_ = std::move(path);
    return source;
  }

  explicit operator bool() const noexcept { return !file_.empty() || !text_.empty(); }
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

  /// The header Authorization; empty: none. A file is read each time, since tokens expire and
  /// somebody may put another one there.
  [[nodiscard]] cli_evidence::Result<std::string> authorization() const;

  bool operator==(const TokenSource&) const = default;

 private:
  std::string file_;
  std::string text_;
};

}  // namespace merlon::cli_deploy
