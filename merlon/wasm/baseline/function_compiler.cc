#include "merlon/wasm/baseline/function_compiler.h"

#include <cstring>

namespace merlon::wasm::baseline {

namespace {

/// Frames up to this size are covered by the slack below the stack limit.
constexpr std::uint32_t unchecked_frame = 16 * 1024;
/// Frames beyond this are refused: 50,000 locals and a deep operand stack fit.
constexpr std::uint32_t max_frame = 64U << 20U;
constexpr std::int32_t to_be_patched = 0x7fff'fff8;
constexpr std::uint32_t context_bytes = 8;

asmjit::Environment target_environment() {
  return asmjit::Environment(asmjit::Arch::kX64, asmjit::SubArch::kUnknown,
                             asmjit::Vendor::kUnknown, asmjit::Platform::kLinux);
}

}  // namespace

FunctionCompiler::FunctionCompiler() = default;

core::Result<void> FunctionCompiler::compile(const CompileEnvironment& environment, FuncIndex index,
                                             FunctionCode& out) {
  begin(environment, index, out);
  prologue();
  push_control(Opcode::Block, BlockType::empty());
  for (at_ = 0; at_ < analysis_.instructions.size(); ++at_) {
    const Instruction& instruction = analysis_.instructions[at_];
    wasm_offset_ = instruction.offset;
    if (environment.bounds == Bounds::Checks) compared_.follow(at_);
    if (controls_.back().unreachable) skip_unreachable(instruction);
    else step(instruction);
    bound_unflushed();
  }
  finish(out);
  if (errors_.failed()) {
    return core::error(core::ErrorCode::Internal, "the assembler refused an instruction", index);
  }
  if (out.frame_size > max_frame) {
    return core::error(core::ErrorCode::Exhausted, "a function needs too large a frame", index);
  }
  return {};
}

void FunctionCompiler::begin(const CompileEnvironment& environment, FuncIndex index,
                             FunctionCode& out) {
  environment_ = &environment;
  out_ = &out;
  function_ = index;
  type_ = &module().type_of_function(index);
  const FunctionBody& body = module().bodies[index - module().imported_functions];
  analysis_.run(module(), *type_, body);
  out.sites.clear();
  out.relocations.clear();
  out.try_regions.clear();
  out.try_calls.clear();
  code_.reset();
  code_.init(target_environment());
  code_.setErrorHandler(&errors_);
  code_.attach(&a_);
  frame_patches_.clear();
  check_patch_ = 0;
  loops_seen_ = 0;
  stack_.clear();
  flushed_ = 0;
  controls_.clear();
  trap_stubs_.clear();
  deferred_.clear();
  constants_.clear();
  jump_tables_.clear();
  skipped_blocks_ = 0;
  try_region_ = -1;
  homes_.assign(analysis_.locals.size(), no_register);
  alias_count_.assign(analysis_.locals.size(), 0);
  if (environment.bounds == Bounds::Checks) {
    compared_.start(analysis_.instructions, analysis_.locals.size());
  }
  // A handler is reached from anywhere below: what the callees kept for us is lost then, so all
  // that our own caller wants kept must be in our frame.
  if (analysis_.has_try) analysis_.kept_used = kept_in_calls;
  general_ = allocatable_general - (kept_in_calls - analysis_.kept_used);
  region_ = 0;
  set_homes(0);
}

void FunctionCompiler::prologue() {
  const bool needs_context = analysis_.calls_out || analysis_.has_try;
  const RegisterSet kept = analysis_.kept_used;
  kept_offset_ = needs_context ? context_bytes : 0;
  std::uint32_t offset = kept_offset_ + 8 * static_cast<std::uint32_t>(std::popcount(kept.bits()));
  offset = place_locals(offset);
  const std::uint64_t bound = offset + 16 * std::uint64_t{analysis_.instructions.size()};
  const bool small = bound <= unchecked_frame;
  if (!small) {
    a_.lea(scratch, x86::ptr(x86::rsp, -to_be_patched));
    check_patch_ = a_.offset() - 4;
    a_.cmp(scratch, x86::ptr(context_register));
    a_.jbe(trap_label(TrapKind::StackOverflow, CodeSite::Kind::EntryCheck));
  } else if (analysis_.has_calls) {
    stack_check(CodeSite::Kind::EntryCheck);
  }
  a_.sub(x86::rsp, to_be_patched);
  frame_patches_.push_back(a_.offset() - 4);
  if (needs_context) a_.mov(x86::ptr(x86::rsp), context_register);
  std::uint32_t place = kept_offset_;
  for (const RegisterId reg : homes_kept) {
    if (!kept.contains(reg)) continue;
    a_.mov(slot_memory(place), gp64(reg));
    place += 8;
  }
  receive_parameters();
  zero_locals();
}

/// Parameters first, so that the locals that start as zero lie side by side; gives the end.
std::uint32_t FunctionCompiler::place_locals(std::uint32_t offset) {
  local_offsets_.resize(analysis_.locals.size());
  for (const bool params : {true, false}) {
    if (!params) zeroed_offset_ = offset;
    for (const LocalIndex local : analysis_.by_declaration) {
      if (analysis_.parameter(local).has_value() != params) continue;
      local_offsets_[local] = offset;
      offset += slot_size(analysis_.locals[local].kind());
    }
  }
  operands_offset_ = operands_end_ = offset;
  return offset;
}

void FunctionCompiler::receive_parameters() {
  moves_.clear();
  std::vector<LocalIndex> from_memory;
  for (LocalIndex local = 0; local < analysis_.locals.size(); ++local) {
    const auto position = analysis_.parameter(local);
    if (!position) continue;
    Operand operand;
    operand.type = analysis_.locals[local].kind();
    const RegisterId reg = analysis_.arrival(*position);
    if (reg == no_register) {
      from_memory.push_back(local);
    } else if (homes_[local] == no_register) {
      store_register(operand.type, local_memory(local), reg);
    } else {
      operand.place = Place::Register;
      operand.reg = reg;
      moves_.push_back({homes_[local], operand});
    }
  }
  parallel_moves(moves_);
  if (from_memory.empty()) return;
  a_.mov(scratch, x86::ptr(context_register, offsetof(VmContext, arguments)));
  for (const LocalIndex local : from_memory) {
    const Kind type = analysis_.locals[local].kind();
    const std::size_t position = *analysis_.parameter(local);
    const x86::Mem from = x86::ptr(scratch, static_cast<std::int32_t>(position * sizeof(Slot)));
    if (homes_[local] != no_register) {
      load_register(type, homes_[local], from);
    } else {
      const Kind copied = type == Kind::V128 ? Kind::V128 : Kind::F64;
      load_register(copied, 31, from);
      store_register(copied, local_memory(local), 31);
    }
  }
}

void FunctionCompiler::zero_locals() {
  std::uint32_t in_memory = 0;
  for (LocalIndex local = 0; local < analysis_.locals.size(); ++local) {
    if (!analysis_.needs_zero[local]) continue;
    const RegisterId reg = homes_[local];
    if (reg == no_register) ++in_memory;
    else load_constant(reg, Kind::I64, 0, false);
  }
  if (in_memory == 0) return;
  if (in_memory > 16) {
    const std::uint32_t begin = zeroed_offset_;
    const asmjit::Label again = a_.newLabel();
    a_.xor_(x86::eax, x86::eax);
    a_.mov(x86::ecx, (operands_offset_ - begin) / 8);
    a_.bind(again);
    a_.mov(x86::ptr(x86::rsp, x86::rcx, 3, static_cast<std::int32_t>(begin) - 8), x86::rax);
    a_.dec(x86::rcx);
    a_.jnz(again);
    return;
  }
  a_.vxorps(vector_scratch, vector_scratch, vector_scratch);
  for (LocalIndex local = 0; local < analysis_.locals.size(); ++local) {
    if (!analysis_.needs_zero[local] || homes_[local] != no_register) continue;
    const bool is_v128 = analysis_.locals[local].is_vector();
    store_register(is_v128 ? Kind::V128 : Kind::F64, local_memory(local), 31);
  }
}

void FunctionCompiler::leave_frame() {
  std::uint32_t place = kept_offset_;
  for (const RegisterId reg : homes_kept) {
    if (!analysis_.kept_used.contains(reg)) continue;
    a_.mov(gp64(reg), slot_memory(place));
    place += 8;
  }
  a_.add(x86::rsp, to_be_patched);
  frame_patches_.push_back(a_.offset() - 4);
}

void FunctionCompiler::epilogue() {
  leave_frame();
  a_.ret();
}

void FunctionCompiler::finish(FunctionCode& out) {
  // Deferred code may defer more.
  for (std::size_t i = 0; i < deferred_.size(); ++i) {
    const Deferred deferred = deferred_[i];
    wasm_offset_ = deferred.wasm;
    try_region_ = deferred.try_region;
    deferred.code();
  }
  for (const TrapStub& stub : trap_stubs_) {
    a_.bind(stub.label);
    wasm_offset_ = stub.wasm;
    note_site(stub.site, stub.kind);
    a_.ud2();
  }
  emit_constants();
  const std::uint32_t used = (operands_end_ + 15U) & ~15U;
  out.frame_size = used + 8;  // keeps rsp a multiple of 16 within the function
  const asmjit::CodeBuffer& buffer = code_.textSection()->buffer();
  out.bytes.assign(buffer.data(), buffer.data() + buffer.size());
  const auto patch = [&out](std::size_t at, std::uint32_t value) {
    std::memcpy(out.bytes.data() + at, &value, sizeof(value));
  };
  for (const std::size_t at : frame_patches_) patch(at, out.frame_size);
  if (check_patch_ != 0) patch(check_patch_, 0U - out.frame_size);
}

void FunctionCompiler::emit_constants() {
  for (const JumpTable& table : jump_tables_) {
    a_.align(asmjit::AlignMode::kData, 4);
    a_.bind(table.label);
    const auto base = static_cast<std::int64_t>(code_.labelOffset(table.label));
    for (const asmjit::Label& target : table.targets) {
      const auto offset = static_cast<std::int64_t>(code_.labelOffset(target));
      a_.embedInt32(static_cast<std::int32_t>(offset - base));
    }
  }
  if (constants_.empty()) return;
  a_.align(asmjit::AlignMode::kData, 16);
  for (const Constant& constant : constants_) {
    a_.bind(constant.label);
    a_.embedUInt64(constant.low);
    a_.embedUInt64(constant.high);
  }
}

void FunctionCompiler::note_site(CodeSite::Kind kind, TrapKind trap) {
  out_->sites.push_back({static_cast<std::uint32_t>(a_.offset()), wasm_offset_, kind, trap});
}

asmjit::Label FunctionCompiler::trap_label(TrapKind kind, CodeSite::Kind site) {
  trap_stubs_.push_back({a_.newLabel(), site, kind, wasm_offset_});
  return trap_stubs_.back().label;
}

void FunctionCompiler::trap(TrapKind kind) {
  note_site(CodeSite::Kind::Explicit, kind);
  a_.ud2();
}

void FunctionCompiler::trap_if(Condition condition, TrapKind kind) {
  jump_if(condition, trap_label(kind));
}

void FunctionCompiler::stack_check(CodeSite::Kind kind) {
  a_.cmp(x86::rsp, x86::ptr(context_register));
  a_.jbe(trap_label(TrapKind::StackOverflow, kind));
}

void FunctionCompiler::defer(std::function<void()> code) {
  deferred_.push_back({std::move(code), wasm_offset_, try_region_});
}

void FunctionCompiler::unreachable() {
  trap(TrapKind::Unreachable);
  mark_unreachable();
}

void FunctionCompiler::skip_unreachable(const Instruction& instruction) {
  const Immediate immediate = info(instruction.op).immediate;
  if (immediate == Immediate::Block || immediate == Immediate::TryTable) {
    ++skipped_blocks_;
    if (instruction.op == Opcode::Loop) ++loops_seen_;
    return;
  }
  const bool ends = instruction.op == Opcode::End || instruction.op == Opcode::Delegate;
  if (skipped_blocks_ != 0) {
    if (ends) --skipped_blocks_;
    return;
  }
  const bool catches = instruction.op == Opcode::Catch || instruction.op == Opcode::CatchAll;
  if (ends || catches || instruction.op == Opcode::Else) step(instruction);
}

void FunctionCompiler::step(const Instruction& instruction) {
  const Opcode op = instruction.op;
  const std::uint32_t low = instruction.low();
  const std::uint32_t lane = instruction.lane;
  // The words of steps.def.
  namespace I = x86::Inst;
  using enum ValueType::Kind;
  using enum Condition;
  constexpr bool tail = true;
  constexpr bool is_signed = true, is_unsigned = false;
  constexpr bool low_lanes = false, high_lanes = true;
  switch (op) {
#define MERLON_STEP(enumerator, statement) \
  case Opcode::enumerator: statement; return;
#include "merlon/wasm/baseline/steps.def"
#undef MERLON_STEP
  }
  core::invariant_broken();
}

}  // namespace merlon::wasm::baseline
