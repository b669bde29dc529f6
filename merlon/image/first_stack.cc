#include "merlon/image/first_stack.h"

#include <cstring>

#include "merlon/core/attest_call.h"
#include "merlon/core/lent_call.h"
#include "merlon/core/reader.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image {

FirstStack::FirstStack(const Program& keep, const Given& given) {
  const std::uint64_t random = text("0123456789abcdef");  // overwritten by the shim
  const std::uint64_t name = text("merlon-keep");
  random_ = random;
  constexpr std::uint64_t processor_features = 0x178b'fbff;  // CPUID 1 edx of every x86-64-v3
  constexpr std::uint64_t program_header_size = 56;
  words({1,
         name,
         0,
         0,  //
         3,
         sallyport::user_start + keep.headers,  // AT_PHDR
         4,
         program_header_size,  // AT_PHENT
         5,
         keep.header_count,  // AT_PHNUM
         6,
         page_size,  // AT_PAGESZ
         7,
         0,  // AT_BASE
         9,
         sallyport::user_start + keep.entry,  // AT_ENTRY
         11,
         0,
         12,
         0,
         13,
         0,
         14,
         0,  // user and group
         16,
         processor_features,  // AT_HWCAP
         17,
         100,  // AT_CLKTCK
         23,
         0,  // AT_SECURE
         25,
         random,  // AT_RANDOM
         26,
         2,  // AT_HWCAP2: FSGSBASE
         33,
         given.vdso,  // AT_SYSINFO_EHDR
         core::lent_call_tag,
         given.lent_call,
         core::secrets_page_tag,
         given.secrets,
         core::enclave_tag,
         given.is_enclave ? std::uint64_t{1} : 0,
         0,
         0});
}

std::uint64_t FirstStack::pointer() const noexcept {
  return sallyport::stack_end - page_size + at_;
}

std::uint64_t FirstStack::text(std::string_view text) {
  at_ -= text.size() + 1;
  std::memcpy(page_.data() + at_, text.data(), text.size());
  return sallyport::stack_end - page_size + at_;
}

void FirstStack::words(std::initializer_list<std::uint64_t> list) {
  constexpr std::size_t alignment = 16;
  at_ = (at_ - list.size() * sizeof(std::uint64_t)) & ~(alignment - 1);
  std::size_t to = at_;
  for (const std::uint64_t word : list) {
    std::memcpy(page_.data() + to, &word, sizeof(word));
    to += sizeof(word);
  }
}

std::uint64_t entry_of(core::ByteView vdso) noexcept {
  constexpr std::size_t before_entry = 24;
  core::Reader reader(vdso);
  const auto skipped = reader.skip(before_entry);
  const auto entry = reader.u64();
  return skipped && entry && *entry < vdso.size() ? *entry : 0;
}

}  // namespace merlon::image
