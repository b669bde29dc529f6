#pragma once

// A path that somebody untrusted wrote, checked once for everything that can be seen in its text.

#include <cstddef>
#include <string>
#include <string_view>

#include "merlon/os/errno.h"

namespace merlon::os {

/// The longest path in bytes, as the kernel's PATH_MAX without its NUL.
inline constexpr std::size_t max_path_size = 4095;

/// A relative path: 1 to 4095 bytes, no NUL, no leading slash. Where it leads is not known yet:
/// only Resolver may give it to the kernel.
class Path {
 public:
  /// Errors: Noent (empty) · Nametoolong · Inval (a NUL inside) · Outside (absolute).
  [[nodiscard]] static Result<Path> from(std::string_view text);

  [[nodiscard]] const char* c_str() const noexcept { return text_.c_str(); }
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  /// With a slash at its end a path names a directory, and a symbolic link there is followed.
  [[nodiscard]] bool ends_with_slash() const noexcept { return text_.back() == '/'; }
  /// One ordinary name without any slash: needs no resolving at all.
  [[nodiscard]] bool is_plain_name() const noexcept;

  /// All but the last component; empty when there is only one.
  [[nodiscard]] std::string_view parent() const noexcept;
  /// The last component with the slashes behind it.
  [[nodiscard]] std::string_view last() const noexcept;
  /// The last component is "." or "..", which name no entry of the parent.
  [[nodiscard]] bool ends_in_dots() const noexcept;

 private:
  explicit Path(std::string_view text) : text_(text) {}
  [[nodiscard]] std::size_t start_of_last() const noexcept;

  std::string text_;
};

/// Whether it is an absolute path of 1 to 1024 bytes that says nothing twice: "/", or names with
/// one slash before each, none of them "." or "..".
[[nodiscard]] bool is_canonical_path(std::string_view path) noexcept;

/// Whether a directory can have an entry of this name: one component, not empty. Kernels say
/// nothing else; a host that answers for one may.
[[nodiscard]] constexpr bool is_entry_name(std::string_view name) noexcept {
  return !name.empty() && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

/// Whether a symbolic link can say this.
[[nodiscard]] constexpr bool is_link_text(std::string_view text) noexcept {
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

}  // namespace merlon::os
