#include "merlon/image/elf.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "merlon/image/testing/elf_file.h"

namespace merlon::image {
namespace {

using core::ErrorCode;
using File = testing::ElfFile;

ErrorCode code_of(const core::Result<Program>& program) {
  EXPECT_FALSE(program.has_value());
  return program.has_value() ? ErrorCode::Internal : program.error().code;
}

TEST(Elf, GivesSegmentsWithTheirRights) {
  const auto program = File()
                           .segment(1, 4, 0, 0, 64, 64)
                           .segment(1, 5, 0, 0x1000, 100, 0x2000)
                           .segment(1, 6, 8, 0x3000, 8, 16)
                           .parse();
  ASSERT_TRUE(program.has_value());
  EXPECT_TRUE(program->position_independent);
  EXPECT_EQ(program->entry, 0x1010U);
  EXPECT_EQ(program->header_count, 3);
  ASSERT_EQ(program->segments.size(), 3U);
  EXPECT_EQ(program->segments[0].rights, Rights::Read);
  EXPECT_EQ(program->segments[1].rights, Rights::ReadExecute);
  EXPECT_EQ(program->segments[1].bytes.size(), 100U);
  EXPECT_EQ(program->segments[2].rights, Rights::ReadWrite);
  EXPECT_EQ(program->end(), 0x4000U);
}

TEST(Elf, FindsTheHeadersInMemory) {
  const auto program = File().segment(1, 4, 0, 0x2000, 120, 120).parse();
  ASSERT_TRUE(program.has_value());
  EXPECT_EQ(program->headers, 0x2040U);
}

TEST(Elf, RefusesWhatIsNoProgram) {
  EXPECT_EQ(code_of(parse_elf({})), ErrorCode::Malformed);
  EXPECT_EQ(code_of(File().put<std::uint8_t>(4, 1).segment(1, 4, 0, 0, 1, 1).parse()),
            ErrorCode::Malformed);
  EXPECT_EQ(code_of(File().put<std::uint16_t>(18, 3).segment(1, 4, 0, 0, 1, 1).parse()),
            ErrorCode::Unsupported);
  EXPECT_EQ(code_of(File().put<std::uint16_t>(16, 1).segment(1, 4, 0, 0, 1, 1).parse()),
            ErrorCode::Unsupported);
  EXPECT_EQ(code_of(File().parse()), ErrorCode::Malformed);
}

TEST(Elf, RefusesADynamicLinker) {
  EXPECT_EQ(code_of(File().segment(3, 4, 0, 0, 1, 1).segment(1, 4, 0, 0, 1, 1).parse()),
            ErrorCode::Unsupported);
}

TEST(Elf, RefusesWritableCode) {
  EXPECT_EQ(code_of(File().segment(1, 7, 0, 0, 1, 1).parse()), ErrorCode::Unsupported);
}

TEST(Elf, RefusesSegmentsOutsideOfTheFile) {
  EXPECT_EQ(code_of(File().segment(1, 4, 0, 0, 1000, 1000).parse()), ErrorCode::Malformed);
  EXPECT_EQ(code_of(File().segment(1, 4, ~std::uint64_t{0}, 0, 2, 2).parse()),
            ErrorCode::Malformed);
  EXPECT_EQ(code_of(File().segment(1, 4, 0, 0, 8, 4).parse()), ErrorCode::Malformed);
}

TEST(Elf, RefusesAddressesThatWrapOrAreTooHigh) {
  EXPECT_EQ(code_of(File().segment(1, 4, 0, ~std::uint64_t{0}, 1, 2).parse()),
            ErrorCode::Exhausted);
  EXPECT_EQ(code_of(File().segment(1, 4, 0, 0, 1, ~std::uint64_t{0}).parse()),
            ErrorCode::Exhausted);
}

TEST(Elf, RefusesSegmentsThatShareAPage) {
  EXPECT_EQ(code_of(File().segment(1, 4, 0, 0, 1, 1).segment(1, 6, 0, 0x800, 1, 1).parse()),
            ErrorCode::Malformed);
}

TEST(Elf, GivesWhatAShimLends) {
  const auto none = File().segment(1, 4, 0, 0, 64, 64).parse();
  ASSERT_TRUE(none.has_value());
  EXPECT_TRUE(none->vdso.empty());
  File file;
  file.segment(vdso_header, 4, 0x1000, 0x10'0000, 8, 8).segment(1, 4, 0, 0, 64, 64);
  const auto program = file.content(0x1000, std::vector<std::uint8_t>(8, 7)).parse();
  ASSERT_TRUE(program.has_value());
  EXPECT_EQ(program->segments.size(), 1U);
  ASSERT_EQ(program->vdso.size(), 8U);
  EXPECT_EQ(program->vdso[7], 7);
}

TEST(Elf, RefusesALoanThatCannotBe) {
  const auto with = [](std::uint64_t offset, std::uint64_t size, int times) {
    File file;
    for (int i = 0; i < times; ++i) file.segment(vdso_header, 4, offset, 0, size, size);
    file.segment(1, 4, 0, 0, 64, 64);
    return file.content(0x1000, std::vector<std::uint8_t>(0x1001)).parse();
  };
  EXPECT_TRUE(with(0x1000, 0x1000, 1).has_value());
  EXPECT_EQ(code_of(with(0x1000, 0x1001, 1)), ErrorCode::Exhausted);
  EXPECT_EQ(code_of(with(0x2000, 2, 1)), ErrorCode::Malformed);
  EXPECT_EQ(code_of(with(~std::uint64_t{0}, 2, 1)), ErrorCode::Malformed);
  EXPECT_EQ(code_of(with(0x1000, 8, 2)), ErrorCode::Malformed);
}

TEST(Elf, RefusesTooManySegments) {
  File file;
  for (std::uint64_t i = 0; i <= max_segments; ++i) file.segment(1, 4, 0, i * page_size, 1, 1);
  EXPECT_EQ(code_of(file.parse()), ErrorCode::Exhausted);
}

TEST(Elf, SurvivesEveryTruncation) {
  File file;
  file.segment(1, 4, 0, 0, 64, 64).segment(1, 5, 0, 0x1000, 100, 0x2000);
  const auto& whole = file.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::uint8_t> part(whole.begin(),
                                         whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(parse_elf(part).has_value()) << size;
  }
}

}  // namespace
}  // namespace merlon::image
