#include "merlon/host/sgx/vdso.h"

#include <cstring>

#include <elf.h>
#include <sys/auxv.h>

namespace merlon::host::sgx {
namespace {

/// Larger ones there are not; what lies behind is not looked at.
constexpr std::size_t most_bytes = 16384;
constexpr std::size_t most_symbols = 256;

template <typename T>
bool read(core::ByteView bytes, std::uint64_t at, T& value) noexcept {
  if (at > bytes.size() || sizeof(T) > bytes.size() - at) return false;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return true;
}

struct Tables {
  std::uint64_t symbols = 0;
  std::uint64_t names = 0;
};

Tables tables_of(core::ByteView vdso, const ::Elf64_Phdr& dynamic) noexcept {
  Tables tables;
  for (std::uint64_t at = dynamic.p_offset; at < dynamic.p_offset + dynamic.p_filesz;
       at += sizeof(::Elf64_Dyn)) {
    ::Elf64_Dyn entry{};
    if (!read(vdso, at, entry) || entry.d_tag == DT_NULL) break;
    // Addresses of a vdso are offsets in it.
    if (entry.d_tag == DT_SYMTAB) tables.symbols = entry.d_un.d_ptr;
    if (entry.d_tag == DT_STRTAB) tables.names = entry.d_un.d_ptr;
  }
  return tables;
}

bool is_name(core::ByteView vdso, std::uint64_t at, std::string_view name) noexcept {
  if (at > vdso.size() || name.size() >= vdso.size() - at) return false;
  return core::as_text(vdso.subspan(at, name.size())) == name && vdso[at + name.size()] == 0;
}

/// The symbols, one by one: no table of hashes has all of them in every kernel.
std::uint64_t find_symbol(core::ByteView vdso, const Tables& tables,
                          std::string_view name) noexcept {
  if (tables.symbols == 0 || tables.names == 0) return 0;
  for (std::size_t i = 0; i < most_symbols; ++i) {
    ::Elf64_Sym symbol{};
    const std::uint64_t at = tables.symbols + i * sizeof(symbol);
    // The names lie behind the symbols.
    if (tables.names > tables.symbols && at >= tables.names) break;
    if (!read(vdso, at, symbol)) break;
    if (symbol.st_value != 0 && is_name(vdso, tables.names + symbol.st_name, name)) {
      return symbol.st_value;
    }
  }
  return 0;
}

}  // namespace

std::uint64_t find_function(core::ByteView vdso, std::string_view name) noexcept {
  ::Elf64_Ehdr header{};
  if (!read(vdso, 0, header) || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return 0;
  for (std::uint64_t i = 0; i < header.e_phnum; ++i) {
    ::Elf64_Phdr program{};
    if (!read(vdso, header.e_phoff + i * sizeof(program), program)) return 0;
    if (program.p_type != PT_DYNAMIC) continue;
    return find_symbol(vdso, tables_of(vdso, program), name);
  }
  return 0;
}

void* lent_function(std::string_view name) noexcept {
  const std::uint64_t base = ::getauxval(AT_SYSINFO_EHDR);
  if (base == 0) return nullptr;
  // SAFETY: the kernel's pages; a vdso has at least two of them.
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(base);
  constexpr std::size_t page = 4096;
  ::Elf64_Ehdr header{};
  std::memcpy(&header, bytes, sizeof(header));
  // Its sections end with their headers.
  const std::uint64_t end = header.e_shoff + std::uint64_t{header.e_shentsize} * header.e_shnum;
  const std::size_t size = end > page && end < most_bytes ? end : page;
  const std::uint64_t offset = find_function({bytes, size}, name);
  // SAFETY: a function of the kernel's.
  return offset == 0 ? nullptr : reinterpret_cast<void*>(base + offset);
}

}  // namespace merlon::host::sgx
