#include "merlon/image/elf.h"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace merlon::image {
namespace {

using core::ErrorCode;

/// A file with a header and one program header for each segment given.
class File {
 public:
  File() : bytes_(64) {
    constexpr std::uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    std::memcpy(bytes_.data(), identity, sizeof(identity));
    put<std::uint16_t>(16, 3);
    put<std::uint16_t>(18, 62);
    put<std::uint64_t>(24, 0x1010);
    put<std::uint64_t>(32, 64);
    put<std::uint16_t>(54, 56);
  }
  File& segment(std::uint32_t type, std::uint32_t flags, std::uint64_t offset,
                std::uint64_t address, std::uint64_t file_size, std::uint64_t memory_size) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + 56);
    put(at, type);
    put(at + 4, flags);
    put(at + 8, offset);
    put(at + 16, address);
    put(at + 32, file_size);
    put(at + 40, memory_size);
    put<std::uint16_t>(56, ++count_);
    return *this;
  }
  template <typename T>
  File& put(std::size_t at, T value) {
    std::memcpy(bytes_.data() + at, &value, sizeof(value));
    return *this;
  }
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  [[nodiscard]] core::Result<Program> parse() const { return parse_elf(bytes_); }

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint16_t count_ = 0;
};

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
