#include "merlon/host/sgx/vdso.h"

#include <cstring>
#include <string>
#include <vector>

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/auxv.h>

namespace merlon::host::sgx {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view lent = "__vdso_clock_gettime";

/// A vdso of the least that one has, as structures that a test alters before it is looked at.
struct Vdso {
  static constexpr std::uint64_t dynamic_at = sizeof(::Elf64_Ehdr) + 2 * sizeof(::Elf64_Phdr);
  static constexpr std::uint64_t symbols_at = dynamic_at + 4 * sizeof(::Elf64_Dyn);
  static constexpr std::uint64_t names_at = symbols_at + 4 * sizeof(::Elf64_Sym);

  ::Elf64_Ehdr header{};
  ::Elf64_Phdr programs[2]{};
  ::Elf64_Dyn dynamic[4]{
      {DT_SONAME, {1}}, {DT_STRTAB, {names_at}}, {DT_SYMTAB, {symbols_at}}, {DT_NULL, {0}}};
  ::Elf64_Sym symbols[4]{};
  char names[19] = "\0first\0enter\0leave";

  Vdso() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_phoff = sizeof(header);
    header.e_phnum = 2;
    programs[0].p_type = PT_LOAD;
    programs[1].p_type = PT_DYNAMIC;
    programs[1].p_offset = dynamic_at;
    programs[1].p_filesz = sizeof(dynamic);
    symbols[1].st_name = 1;
    symbols[2].st_name = 7;
    symbols[2].st_value = 0x700;
    symbols[3].st_name = 13;
    symbols[3].st_value = 0xd00;
  }
  [[nodiscard]] std::uint64_t find(std::string_view name) const {
    static_assert(sizeof(Vdso) >= names_at + sizeof(names));
    Bytes bytes(names_at + sizeof(names));
    std::memcpy(bytes.data(), this, bytes.size());
    return find_function(bytes, name);
  }
};

TEST(Vdso, FunctionsOfThisProcessAreFoundByTheirName) {
  EXPECT_NE(lent_function(lent), nullptr);
  EXPECT_EQ(lent_function("__vdso_clock_gettim"), nullptr);
  EXPECT_EQ(lent_function("__vdso_nothing"), nullptr);
}

TEST(Vdso, HasTheFunctionsThatItDefines) {
  const Vdso vdso;
  EXPECT_EQ(vdso.find("enter"), 0x700U);
  EXPECT_EQ(vdso.find("leave"), 0xd00U) << "the last name ends with the file";
  EXPECT_EQ(vdso.find("first"), 0U) << "named, and not defined";
  for (const std::string_view other : {"ente", "enter2", "nter", "leave2"}) {
    EXPECT_EQ(vdso.find(other), 0U) << other;
  }
}

TEST(Vdso, WhatIsNoneHasNoFunctions) {
  EXPECT_EQ(find_function({}, "enter"), 0U);
  Vdso other;
  other.header.e_ident[3] = 'G';
  EXPECT_EQ(other.find("enter"), 0U);
  Vdso fixed;
  fixed.programs[1].p_type = PT_NOTE;
  EXPECT_EQ(fixed.find("enter"), 0U) << "nothing in it is found by name";
  for (const std::uint64_t elsewhere : {std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
    Vdso vdso;
    vdso.header.e_phoff = elsewhere;
    EXPECT_EQ(vdso.find("enter"), 0U);
    vdso = {};
    vdso.programs[1].p_offset = elsewhere;
    EXPECT_EQ(vdso.find("enter"), 0U);
  }
}

TEST(Vdso, WhatStandsBehindItsTablesIsNotTheirs) {
  Vdso shorter;
  shorter.programs[1].p_filesz = 2 * sizeof(::Elf64_Dyn);
  EXPECT_EQ(shorter.find("enter"), 0U) << "without the table of symbols";
  shorter.programs[1].p_filesz = sizeof(::Elf64_Dyn);
  EXPECT_EQ(shorter.find("enter"), 0U) << "nor that of names";
  Vdso nameless;  // and a symbol whose name would be found from the start of the file
  nameless.dynamic[1].d_tag = DT_SONAME;
  nameless.symbols[2].st_name += static_cast<std::uint32_t>(Vdso::names_at);
  EXPECT_EQ(nameless.find("enter"), 0U);
  Vdso ended;
  ended.dynamic[0].d_tag = DT_NULL;
  EXPECT_EQ(ended.find("enter"), 0U);
  Vdso fewer;  // its names begin where the third symbol lies
  constexpr std::uint32_t two = 2 * sizeof(::Elf64_Sym);
  fewer.dynamic[1].d_un.d_ptr = Vdso::symbols_at + two;
  fewer.symbols[2].st_name = two + 7;
  EXPECT_EQ(fewer.find("enter"), 0U);
}

TEST(Vdso, NamesOutsideOfItAreNoneOfIts) {
  Vdso vdso;
  vdso.symbols[2].st_name = ~std::uint32_t{0};
  EXPECT_EQ(vdso.find("enter"), 0U);
  vdso.symbols[2].st_name = sizeof(vdso.names);
  EXPECT_EQ(vdso.find("enter"), 0U);
  vdso.dynamic[1].d_un.d_ptr = ~std::uint64_t{0};
  EXPECT_EQ(vdso.find("leave"), 0U);
}

/// No byte behind what is given is looked at, wherever it ends.
TEST(Vdso, ThatIsCutOffHasTheSameFunctionsOrNone) {
  const auto* const own = reinterpret_cast<const std::uint8_t*>(::getauxval(AT_SYSINFO_EHDR));
  ASSERT_NE(own, nullptr);
  constexpr std::size_t page = 4096;
  const std::uint64_t whole =
      reinterpret_cast<std::uint64_t>(lent_function(lent)) - reinterpret_cast<std::uint64_t>(own);
  for (std::size_t size = 0; size <= page; size += 8) {
    const Bytes cut(own, own + size);
    const std::uint64_t found = find_function(cut, lent);
    EXPECT_TRUE(found == 0 || found == whole) << size;
  }
}

}  // namespace
}  // namespace merlon::host::sgx
