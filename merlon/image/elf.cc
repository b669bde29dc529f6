#include "merlon/image/elf.h"

#include "merlon/core/reader.h"

namespace merlon::image {

using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t header_size = 64;
constexpr std::size_t program_header_size = 56;
constexpr std::uint16_t type_executable = 2;
constexpr std::uint16_t type_shared = 3;
constexpr std::uint16_t machine_x86_64 = 62;
constexpr std::uint32_t load = 1;
constexpr std::uint32_t interpreter = 3;
constexpr std::uint32_t flag_execute = 1;
constexpr std::uint32_t flag_write = 2;

struct Header {
  std::uint16_t type;
  std::uint64_t entry;
  std::uint64_t table;
  std::uint16_t count;
};

struct ProgramHeader {
  std::uint32_t type;
  std::uint32_t flags;
  std::uint64_t offset;
  std::uint64_t address;
  std::uint64_t file_size;
  std::uint64_t memory_size;
};

Result<Header> read_header(ByteView file) {
  core::Reader reader(file);
  const ByteView identity = TRY(reader.bytes(16));
  constexpr std::uint8_t expected[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
  for (std::size_t i = 0; i < sizeof(expected); ++i) {
    if (identity[i] != expected[i]) {
      return core::error(ErrorCode::Malformed, "no 64-bit little-endian ELF file", i);
    }
  }
  Header header{};
  header.type = TRY(reader.u16());
  const std::uint16_t machine = TRY(reader.u16());
  if (machine != machine_x86_64) {
    return core::error(ErrorCode::Unsupported, "not a program for x86-64", machine);
  }
  TRY(reader.skip(4));
  header.entry = TRY(reader.u64());
  header.table = TRY(reader.u64());
  TRY(reader.skip(8 + 4 + 2));
  const std::uint16_t size = TRY(reader.u16());
  header.count = TRY(reader.u16());
  if (header.type != type_executable && header.type != type_shared) {
    return core::error(ErrorCode::Unsupported, "an ELF file, but no program", header.type);
  }
  if (size != program_header_size) {
    return core::error(ErrorCode::Malformed, "program headers of a wrong size", size);
  }
  return header;
}

Result<ProgramHeader> read_program_header(ByteView bytes) {
  core::Reader reader(bytes);
  ProgramHeader header{};
  header.type = TRY(reader.u32());
  header.flags = TRY(reader.u32());
  header.offset = TRY(reader.u64());
  header.address = TRY(reader.u64());
  TRY(reader.skip(8));
  header.file_size = TRY(reader.u64());
  header.memory_size = TRY(reader.u64());
  return header;
}

Result<ByteView> content_of(ByteView file, const ProgramHeader& header) {
  if (header.offset > file.size() || header.file_size > file.size() - header.offset) {
    return core::error(ErrorCode::Malformed, "a segment lies outside of its file", header.offset);
  }
  return file.subspan(header.offset, header.file_size);
}

Result<Segment> segment_of(ByteView file, const ProgramHeader& header) {
  const ByteView content = TRY(content_of(file, header));
  if (header.file_size > header.memory_size) {
    return core::error(ErrorCode::Malformed, "a segment larger in its file than in memory");
  }
  if (header.memory_size > max_memory || header.address > max_memory - header.memory_size) {
    return core::error(ErrorCode::Exhausted, "a segment's address is too high", header.address);
  }
  const bool writes = (header.flags & flag_write) != 0;
  const bool executes = (header.flags & flag_execute) != 0;
  if (writes && executes) {
    return core::error(ErrorCode::Unsupported, "a segment is writable and executable",
                       header.address);
  }
  return Segment{header.address, header.memory_size, content,
                 writes     ? Rights::ReadWrite
                 : executes ? Rights::ReadExecute
                            : Rights::Read};
}

std::uint64_t page_down(std::uint64_t address) noexcept { return address & ~(page_size - 1); }
std::uint64_t page_up(std::uint64_t address) noexcept { return page_down(address + page_size - 1); }

Result<void> append(Program& program, const Segment& segment) {
  if (program.segments.size() == max_segments) {
    return core::error(ErrorCode::Exhausted, "too many segments");
  }
  if (page_down(segment.address) < program.end()) {
    return core::error(ErrorCode::Malformed, "segments overlap, or are not in order",
                       segment.address);
  }
  program.segments.push_back(segment);
  return {};
}

Result<void> take_vdso(Program& program, ByteView content) {
  if (!program.vdso.empty()) return core::error(ErrorCode::Malformed, "more than one vdso");
  if (content.size() > page_size) {
    return core::error(ErrorCode::Exhausted, "a vdso of more than a page", content.size());
  }
  program.vdso = content;
  return {};
}

}  // namespace

std::uint64_t Program::end() const noexcept {
  if (segments.empty()) return 0;
  return page_up(segments.back().address + segments.back().memory_size);
}

Result<Program> parse_elf(ByteView file) {
  const Header header = TRY(read_header(file));
  if (header.table < header_size || header.table > file.size()) {
    return core::error(ErrorCode::Malformed, "program headers outside of the file", header.table);
  }
  const ByteView table = file.subspan(header.table);
  if (table.size() / program_header_size < header.count) {
    return core::error(ErrorCode::Malformed, "program headers outside of the file", header.count);
  }
  Program program;
  program.position_independent = header.type == type_shared;
  program.entry = header.entry;
  program.header_count = header.count;
  for (std::size_t i = 0; i < header.count; ++i) {
    const ProgramHeader each =
        TRY(read_program_header(table.subspan(i * program_header_size, program_header_size)));
    if (each.type == interpreter) {
      return core::error(ErrorCode::Unsupported, "the program wants a dynamic linker");
    }
    if (each.type == vdso_header) {
      const ByteView content = TRY(content_of(file, each));
      TRY(take_vdso(program, content));
    }
    if (each.type != load || each.memory_size == 0) continue;
    const Segment segment = TRY(segment_of(file, each));
    TRY(append(program, segment));
    const bool holds_headers =
        each.offset <= header.table && header.table - each.offset < each.file_size;
    if (holds_headers) program.headers = each.address + (header.table - each.offset);
  }
  if (program.segments.empty()) {
    return core::error(ErrorCode::Malformed, "the program has nothing to load");
  }
  return program;
}

}  // namespace merlon::image
