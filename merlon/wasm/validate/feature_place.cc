#include "merlon/wasm/validate/feature_place.h"

#include "merlon/wasm/binary/instruction.h"

namespace merlon::wasm {

namespace {

constexpr std::uint8_t import_section = 2;
constexpr std::uint8_t memory_section = 5;

std::size_t section_offset(const Module& module, std::uint8_t id) noexcept {
  for (const SectionSpan& section : module.sections) {
    if (section.id == id) return section.offset;
  }
  return 0;
}

}  // namespace

std::size_t place_of_threads(const ValidModule& valid) {
  const Module& module = *valid;
  for (std::size_t i = 0; i < module.memories.size(); ++i) {
    if (!module.memories[i].limits.shared) continue;
    return section_offset(module, i < module.imported_memories ? import_section : memory_section);
  }
  for (const FunctionBody& body : module.bodies) {
    Cursor cursor(body.code, body.offset);
    for (std::uint32_t groups = cursor.u32(); groups > 0; --groups) {
      cursor.u32();
      (void)read_value_type(cursor, module);
    }
    while (!cursor.at_end()) {
      const Instruction instruction = read_instruction(cursor, module);
      if (info(instruction.op).feature == Feature::Threads) return instruction.offset;
    }
  }
  return 0;
}

}  // namespace merlon::wasm
