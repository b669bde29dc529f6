#include "tests/spec/script.h"

namespace merlon::spec {

using core::ErrorCode;

namespace {

constexpr std::size_t max_depth = 64;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  core::Result<std::vector<Node>> parse() {
    std::vector<Node> open(1);
    for (skip_space(); at_ < text_.size(); skip_space()) {
      const char c = text_[at_];
      if (c == '(') {
        if (open.size() > max_depth) return fail("nested too deeply");
        ++at_;
        open.emplace_back();
        open.back().line = line_;
      } else if (c == ')') {
        ++at_;
        if (open.size() == 1) return fail("unbalanced parenthesis");
        Node done = std::move(open.back());
        open.pop_back();
        open.back().items.push_back(std::move(done));
      } else if (c == '"') {
        open.back().items.push_back(TRY(string()));
      } else {
        open.back().items.push_back(word());
      }
    }
    if (open.size() != 1) return fail("unexpected end");
    return std::move(open.front().items);
  }

 private:
  core::Error fail(const char* what) const {
    return core::error(ErrorCode::Malformed, what, line_);
  }

  void skip_space() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c == ';' && text_.substr(at_).starts_with(";;")) {
        while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      } else if (text_.substr(at_).starts_with("(;")) {
        const std::size_t end = text_.find(";)", at_);
        at_ = end == std::string_view::npos ? text_.size() : end + 2;
      } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
        ++at_;
      } else {
        return;
      }
    }
  }

  Node word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() &&
           std::string_view(" \n\t\r()\"").find(text_[at_]) == std::string_view::npos) {
      ++at_;
    }
    return {Node::Form::Word, std::string(text_.substr(begin, at_ - begin)), {}, line_};
  }

  static int hex(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }

  static void append_utf8(std::string& out, std::uint32_t code) {
    const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xc0U | (code >> 6U));
      put(0x80U | (code & 0x3fU));
    } else if (code < 0x10000) {
      put(0xe0U | (code >> 12U));
      put(0x80U | ((code >> 6U) & 0x3fU));
      put(0x80U | (code & 0x3fU));
    } else {
      put(0xf0U | (code >> 18U));
      put(0x80U | ((code >> 12U) & 0x3fU));
      put(0x80U | ((code >> 6U) & 0x3fU));
      put(0x80U | (code & 0x3fU));
    }
  }

  core::Result<Node> string() {
    Node node{Node::Form::String, {}, {}, line_};
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return node;
      }
      if (c != '\\') {
        node.text.push_back(c);
        continue;
      }
      if (++at_ >= text_.size()) break;
      TRY(escape(node.text));
    }
    return fail("unterminated string");
  }

  core::Result<void> escape(std::string& out) {
    const char c = text_[at_];
    if (c == 't') out.push_back('\t');
    else if (c == 'n') out.push_back('\n');
    else if (c == 'r') out.push_back('\r');
    else if (c == '"' || c == '\'' || c == '\\') out.push_back(c);
    else if (c == 'u') {
      std::uint32_t code = 0;
      for (at_ += 2; at_ < text_.size() && text_[at_] != '}'; ++at_) {
        code = code * 16 + static_cast<std::uint32_t>(hex(text_[at_]));
      }
      append_utf8(out, code);
    } else {
      if (at_ + 1 >= text_.size() || hex(c) < 0 || hex(text_[at_ + 1]) < 0) {
        return fail("malformed escape");
      }
      out.push_back(static_cast<char>(hex(c) * 16 + hex(text_[++at_])));
    }
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

}  // namespace

core::Result<std::vector<Node>> parse_script(std::string_view text) { return Parser(text).parse(); }

}  // namespace merlon::spec
