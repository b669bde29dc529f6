#pragma once

// For tests: small programs, and the machine's memory as `lay_out` fills it with them.

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "merlon/image/layout.h"
#include "merlon/image/testing/collected_pages.h"
#include "merlon/sallyport/boot.h"

namespace merlon::image::testing {

/// A program that owns its segments' bytes, and the vdso's.
class TestProgram {
 public:
  explicit TestProgram(bool position_independent) {
    program_.position_independent = position_independent;
  }
  TestProgram(TestProgram&&) = default;
  TestProgram(const TestProgram&) = delete;
  TestProgram& operator=(const TestProgram&) = delete;
  TestProgram& operator=(TestProgram&&) = delete;
  ~TestProgram() = default;

  TestProgram&& segment(std::uint64_t address, std::vector<std::uint8_t> bytes,
                        std::uint64_t memory_size, Rights rights) && {
    contents_.push_back(std::move(bytes));
    program_.segments.push_back({address, memory_size, contents_.back(), rights});
    return std::move(*this);
  }
  TestProgram&& lending(std::vector<std::uint8_t> vdso) && {
    contents_.push_back(std::move(vdso));
    program_.vdso = contents_.back();
    return std::move(*this);
  }
  [[nodiscard]] std::vector<std::uint8_t>& content(std::size_t index) { return contents_[index]; }
  [[nodiscard]] Program& program() { return program_; }
  [[nodiscard]] const Program& program() const { return program_; }

 private:
  std::deque<std::vector<std::uint8_t>> contents_;
  Program program_;
};

inline std::vector<std::uint8_t> filled(std::size_t size, std::uint8_t with) {
  return std::vector<std::uint8_t>(size, with);
}

inline TestProgram small_shim() {
  TestProgram shim = TestProgram(false)
                         .segment(low_base, filled(5000, 0x11), 5000, Rights::ReadExecute)
                         .segment(low_base + 0x2000, filled(100, 0x12), 100, Rights::Read)
                         .segment(low_base + 0x3000, filled(16, 0x13), 0x4000, Rights::ReadWrite);
  shim.program().entry = low_base + 0x40;
  return shim;
}

/// Its last segment starts within a page and has more memory than bytes.
inline TestProgram small_keep() {
  TestProgram keep = TestProgram(true)
                         .segment(0, filled(0x1234, 0x21), 0x1234, Rights::Read)
                         .segment(0x2000, filled(0x3000, 0x22), 0x3000, Rights::ReadExecute)
                         .segment(0x20'0e80, filled(0x300, 0x23), 0x5000, Rights::ReadWrite);
  keep.program().entry = 0x2100;
  keep.program().headers = 0x40;
  keep.program().header_count = 5;
  return keep;
}

/// A machine's memory as the stream fills it.
struct Image {
  CollectedPages memory;
  Layout layout;
  sallyport::BootInfo boot{};
};

inline core::Result<Image> image_of(const Program& shim, const Program& keep,
                                    sallyport::World world) {
  Image image;
  image.layout = TRY(lay_out(shim, keep, {.world = world}, image.memory));
  image.boot = image.memory.read<sallyport::BootInfo>(boot_page);
  return image;
}

inline Image small_image(sallyport::World world) {
  return image_of(small_shim().program(), small_keep().program(), world).value();
}

}  // namespace merlon::image::testing
