// Whatever is valid must compile. Bytes are a module, or, so that more of them get as far as the
// compiler, the body of a function in a module that has one of everything to refer to.

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "merlon/wasm/baseline/compiler.h"
#include "merlon/wasm/exec/engine.h"

namespace {

using merlon::wasm::CompileMode;
using merlon::wasm::Engine;
using merlon::wasm::EngineOptions;

std::unique_ptr<Engine> make_engine() {
  EngineOptions options;
  options.mode = CompileMode::Eager;
  auto engine = Engine::create(merlon::wasm::baseline::compilers(), options);
  if (!engine.has_value()) std::abort();
  return std::move(*engine);
}

void append_size(std::vector<std::uint8_t>& out, std::size_t value) {
  for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<std::uint8_t>(value | 0x80U));
  out.push_back(static_cast<std::uint8_t>(value));
}

void append_section(std::vector<std::uint8_t>& out, std::uint8_t id,
                    const std::vector<std::uint8_t>& content) {
  out.push_back(id);
  append_size(out, content.size());
  out.insert(out.end(), content.begin(), content.end());
}

/// Types 0 [] -> [], 1 [i32 i64] -> [i32], 2 [f32 f64 v128] -> [f64], 3 [i32] -> [i32 i64]; one
/// function of type `type` with `body`, one of type 1 before it; a 32-bit and a 64-bit memory, two
/// tables, a global of each number type, a tag.
std::vector<std::uint8_t> module_around(const std::uint8_t* body, std::size_t size,
                                        std::uint8_t type) {
  std::vector<std::uint8_t> out = {0, 'a', 's', 'm', 1, 0, 0, 0};
  append_section(out, 1, {4,    0x60, 0,    0, 0x60, 2,    0x7f, 0x7e, 1, 0x7f, 0x60, 3,
                          0x7d, 0x7c, 0x7b, 1, 0x7c, 0x60, 1,    0x7f, 2, 0x7f, 0x7e});
  append_section(out, 3, {2, 1, type});
  append_section(out, 4, {2, 0x70, 0, 4, 0x6f, 0, 4});
  append_section(out, 5, {2, 0, 1, 4, 1});
  append_section(out, 13, {1, 0, 0});
  append_section(out, 6,
                 {4, 0x7f, 1,    0x41, 0, 0x0b, 0x7e, 1, 0x42, 0, 0x0b, 0x7d, 1, 0x43, 0,   0,
                  0, 0,    0x0b, 0x7c, 1, 0x44, 0,    0, 0,    0, 0,    0,    0, 0,    0x0b});
  append_section(out, 9, {1, 0, 0x41, 0, 0x0b, 1, 1});
  append_section(out, 12, {1});
  std::vector<std::uint8_t> code = {2, 4, 0, 0x41, 7, 0x0b};
  append_size(code, size);
  code.insert(code.end(), body, body + size);
  append_section(out, 10, code);
  append_section(out, 11, {1, 1, 3, 'a', 'b', 'c'});
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto engine = make_engine();
  if (size < 1) return 0;
  const std::uint8_t form = data[0];
  std::vector<std::uint8_t> wasm = form < 4 ? module_around(data + 1, size - 1, form)
                                            : std::vector<std::uint8_t>(data + 1, data + size);
  const auto module = engine->compile(std::move(wasm));
  if (!module.has_value() && module.error().code == merlon::core::ErrorCode::Internal) std::abort();
  return 0;
}
