// merlon-diff FILE…: runs modules as FORMAT.md says and prints what comes of it, for run.py to hold
// against what another engine printed.

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>

#include "merlon/wasm/baseline/compiler.h"
#include "merlon/wasm/exec/instance.h"

namespace {

using namespace merlon::wasm;  // NOLINT(google-build-using-namespace): a program of that room

std::string print(const Value& value) {
  char text[64];
  const auto low = static_cast<unsigned long long>(value.bits.low);
  if (value.type == ValueType::i32) {
    std::snprintf(text, sizeof(text), "i32:0x%08llx", low & 0xffff'ffffU);
  } else if (value.type == ValueType::i64) {
    std::snprintf(text, sizeof(text), "i64:0x%016llx", low);
  } else if (value.type == ValueType::f32) {
    const auto bits = static_cast<std::uint32_t>(low);
    if ((bits & 0x7fff'ffffU) > 0x7f80'0000U) return "f32:nan";
    std::snprintf(text, sizeof(text), "f32:0x%08x", bits);
  } else if (value.type == ValueType::f64) {
    if ((low << 1U) > (0x7ffULL << 53U)) return "f64:nan";
    std::snprintf(text, sizeof(text), "f64:0x%016llx", low);
  } else if (value.type == ValueType::v128) {
    std::string result = "v128:0x";
    unsigned char bytes[16];
    std::memcpy(bytes, &value.bits, sizeof(bytes));
    for (const unsigned char byte : bytes) {
      std::snprintf(text, sizeof(text), "%02x", byte);
      result += text;
    }
    return result;
  } else {
    const bool is_extern = value.type.heap().kind() == HeapType::Kind::Extern;
    return std::string(is_extern ? "externref:" : "funcref:") + (low == 0 ? "null" : "set");
  }
  return text;
}

std::string escape(std::string_view name) {
  std::string result;
  for (const char c : name) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '_' || c == '.' || c == '$' || c == '-';
    if (plain) {
      result.push_back(c);
      continue;
    }
    char text[8];
    std::snprintf(text, sizeof(text), "%%%02x", static_cast<unsigned char>(c));
    result += text;
  }
  return result;
}

const char* class_of(TrapKind kind) {
  switch (kind) {
    case TrapKind::Unreachable: return "unreachable";
    case TrapKind::MemoryOutOfBounds: return "memory-oob";
    case TrapKind::TableOutOfBounds: return "table-oob";
    case TrapKind::IndirectCallToNull:
    case TrapKind::IndirectCallTypeMismatch: return "indirect-call";
    case TrapKind::IntegerDivideByZero: return "div-by-zero";
    case TrapKind::IntegerOverflow:
    case TrapKind::InvalidConversionToInteger: return "int-overflow";
    case TrapKind::NullReference: return "null-reference";
    case TrapKind::StackOverflow: return "stack-overflow";
    case TrapKind::UncaughtException: return "exception";
    case TrapKind::Interrupted:
    case TrapKind::OutOfMemory:
    case TrapKind::UnalignedAtomic:
    case TrapKind::ExpectedSharedMemory:
    case TrapKind::Exit:
    case TrapKind::HostError: return "other";
  }
  return "other";
}

HostResult<void> log_value(void* type, Caller&, Slot* values) {
  std::printf("log %s\n", print({*static_cast<ValueType*>(type), values[0]}).c_str());
  return {};
}

Value argument(ValueType type, std::size_t index) {
  static constexpr std::uint32_t i32[] = {0,           1,  0xffff'ffff, 0x7fff'ffff,
                                          0x8000'0000, 42, 0xffff,      0x10000};
  static constexpr std::uint64_t i64[] = {
      0, 1, ~0ULL, 0x7fff'ffff'ffff'ffff, 0x8000'0000'0000'0000, 42, 0xffff'ffff, 0x1'0000'0000};
  static constexpr std::uint32_t f32[] = {0,           0x8000'0000, 0x3f80'0000, 0xbfc0'0000,
                                          0x7f80'0000, 0xff80'0000, 0x7f7f'ffff, 1};
  static constexpr std::uint64_t f64[] = {0,
                                          0x8000'0000'0000'0000,
                                          0x3ff0'0000'0000'0000,
                                          0xbff8'0000'0000'0000,
                                          0x7ff0'0000'0000'0000,
                                          0xfff0'0000'0000'0000,
                                          0x7fef'ffff'ffff'ffff,
                                          1};
  static constexpr Slot v128[] = {{0, 0},
                                  {~0ULL, ~0ULL},
                                  {0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908},
                                  {0x3ff0'0000'0000'0000, 0xbf80'0000'3f80'0000}};
  if (type == ValueType::i32) return {type, {i32[index % 8], 0}};
  if (type == ValueType::i64) return {type, {i64[index % 8], 0}};
  if (type == ValueType::f32) return {type, {f32[index % 8], 0}};
  if (type == ValueType::f64) return {type, {f64[index % 8], 0}};
  if (type == ValueType::v128) return {type, v128[index % 4]};
  return {type, {}};
}

/// One function call and its lines; false if nothing may follow.
bool call(Instance& instance, const Export& item, std::size_t pass, std::size_t ordinal) {
  const Module& module = instance.compiled().module();
  Values arguments;
  const FuncType& type = module.type_of_function(item.index);
  for (std::size_t position = 0; position < type.params.size(); ++position) {
    arguments.push_back(argument(instance.compiled().canonical(type.params[position]),
                                 pass * 3 + ordinal + position * 5));
  }
  const Outcome outcome = instance.invoke(item.name, arguments);
  std::printf("call %s", escape(item.name).c_str());
  if (const auto* trap = std::get_if<Trap>(&outcome)) {
    std::printf(" trap %s\n", class_of(trap->kind));
    return trap->kind != TrapKind::StackOverflow;
  }
  std::printf(" ->");
  if (const auto* values = std::get_if<Values>(&outcome)) {
    for (const Value& value : *values) std::printf(" %s", print(value).c_str());
  } else {
    std::printf(" error");
  }
  std::printf("\n");
  return true;
}

void print_state(Instance& instance) {
  const Module& module = instance.compiled().module();
  for (const Export& item : module.exports) {
    if (item.kind != ExternKind::Global) continue;
    const GlobalInstance& global = *instance.global(item.index);
    if (global.type.value == ValueType::v128) continue;
    std::printf("global %s %s\n", escape(item.name).c_str(),
                print({global.type.value, *global.cell}).c_str());
  }
  for (const Export& item : module.exports) {
    if (item.kind != ExternKind::Memory) continue;
    const auto bytes = instance.memory(item.index)->bytes();
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
    for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100'0000'01b3;
    std::printf("memory pages:%zu fnv1a:0x%016llx\n", bytes.size() / page_size,
                static_cast<unsigned long long>(hash));
    return;
  }
}

void run(Instance& instance) {
  for (std::size_t pass = 0; pass < 2; ++pass) {
    std::size_t ordinal = 0;
    for (const Export& item : instance.compiled().module().exports) {
      if (item.kind != ExternKind::Function || item.name == "hangLimitInitializer") continue;
      (void)instance.invoke("hangLimitInitializer", {});
      if (!call(instance, item, pass, ordinal++)) return;
    }
  }
  print_state(instance);
}

void define_imports(Imports& imports) {
  static ValueType types[] = {ValueType::i32, ValueType::i64, ValueType::f32, ValueType::f64,
                              ValueType::v128};
  const char* names[] = {"log-i32", "log-i64", "log-f32", "log-f64", "log-v128"};
  for (std::size_t i = 0; i < 5; ++i) {
    imports.define("fuzzing-support", names[i],
                   HostFunction{{{types[i]}, {}}, &log_value, &types[i]});
  }
}

void run_file(const std::string& path, CompileMode mode, Bounds bounds) {
  std::printf("module %s\n", path.substr(path.rfind('/') + 1).c_str());
  std::ifstream file(path, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  EngineOptions options;
  options.mode = mode;
  options.bounds = bounds;
  auto engine = Engine::create(baseline::compilers(), options);
  if (!engine.has_value()) std::abort();
  auto compiled = (*engine)->compile(std::move(bytes));
  Store store(**engine);
  Imports imports;
  define_imports(imports);
  if (!compiled.has_value()) {
    std::fprintf(stderr, "%s: %s (0x%llx)\n", path.c_str(), compiled.error().what,
                 static_cast<unsigned long long>(compiled.error().detail));
    std::printf("refused\nend\n");
    return;
  }
  InstantiateOutcome outcome = store.instantiate(*compiled, imports);
  if (const auto* error = std::get_if<LinkError>(&outcome)) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), error->error.what);
    std::printf("refused\n");
  } else if (const auto* trap = std::get_if<Trap>(&outcome)) {
    std::printf("start trap %s\n", class_of(trap->kind));
  } else {
    std::printf("start ok\n");
    run(*std::get<Instance*>(outcome));
  }
  std::printf("end\n");
}

}  // namespace

int main(int argc, char** argv) {
  CompileMode mode = CompileMode::Automatic;
  Bounds bounds = Bounds::Guards;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--lazy") mode = CompileMode::Lazy;
    else if (std::string_view(argv[i]) == "--checks") bounds = Bounds::Checks;
    else run_file(argv[i], mode, bounds);
  }
  return 0;
}
