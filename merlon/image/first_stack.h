#pragma once

// What a keep's program finds on its stack when it starts [psABI x86-64 §3.4.1], and of the vdso
// that its shim lends it.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "merlon/core/bytes.h"
#include "merlon/image/elf.h"

namespace merlon::image {

/// argc, argv, environment, auxiliary vector; they fit into the last page of the stack.
class FirstStack {
 public:
  /// Addresses of what lies in the keep for it to find.
  struct Given {
    std::uint64_t vdso = 0;       ///< the shared object that the shim lends; 0: none
    std::uint64_t lent_call = 0;  ///< its entry for system calls; 0: none
    std::uint64_t secrets = 0;    ///< the page of a security processor; 0: none
    bool is_enclave = false;
  };
  FirstStack(const Program& keep, const Given& given);

  [[nodiscard]] std::uint64_t pointer() const noexcept;
  /// 16 bytes for the shim to fill with random numbers.
  [[nodiscard]] std::uint64_t random() const noexcept { return random_; }
  /// The last page of the stack.
  [[nodiscard]] core::ByteView page() const noexcept { return page_; }

 private:
  std::uint64_t text(std::string_view text);
  void words(std::initializer_list<std::uint64_t> list);

  std::array<std::uint8_t, page_size> page_{};
  std::size_t at_ = page_size;
  std::uint64_t random_ = 0;
};

/// Where a vdso starts, of its header [ELF e_entry]; 0 if it has no start.
[[nodiscard]] std::uint64_t entry_of(core::ByteView vdso) noexcept;

}  // namespace merlon::image
