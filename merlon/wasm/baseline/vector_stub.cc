#include "merlon/wasm/baseline/function_compiler.h"
namespace merlon::wasm::baseline {
bool FunctionCompiler::vector_memory(const Instruction&) { return false; }
bool FunctionCompiler::vector_lanes(const Instruction&) { return false; }
bool FunctionCompiler::vector_integer(const Instruction&) { return false; }
bool FunctionCompiler::vector_float(const Instruction&) { return false; }
bool FunctionCompiler::vector_relaxed(const Instruction&) { return false; }
}
