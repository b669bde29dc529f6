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

// One case for each instruction that is not a vector's; -Wswitch-enum would want those here too.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

void FunctionCompiler::step(const Instruction& instruction) {
  const Opcode op = instruction.op;
  switch (op) {
    case Opcode::Nop: return;
    case Opcode::Unreachable:
      trap(TrapKind::Unreachable);
      mark_unreachable();
      return;
    case Opcode::Block: block(instruction); return;
    case Opcode::Loop: loop(instruction); return;
    case Opcode::If:
      pop_condition();
      begin_if(BlockType::from_bits(instruction.value), Condition::NotEqual);
      return;
    case Opcode::Else: else_branch(); return;
    case Opcode::End: end(); return;
    case Opcode::Br: branch(instruction.low()); return;
    case Opcode::BrIf:
      pop_condition();
      branch_if(instruction.low(), Condition::NotEqual);
      return;
    case Opcode::BrTable: branch_table(instruction); return;
    case Opcode::BrOnNull:
    case Opcode::BrOnNonNull: branch_on_null(instruction); return;
    case Opcode::Return: return_values(); return;
    case Opcode::Call: call(instruction.low()); return;
    case Opcode::CallIndirect: call_indirect(instruction, false); return;
    case Opcode::ReturnCall: return_call(instruction.low()); return;
    case Opcode::ReturnCallIndirect: call_indirect(instruction, true); return;
    case Opcode::CallRef: call_reference(instruction.low(), false); return;
    case Opcode::ReturnCallRef: call_reference(instruction.low(), true); return;
    case Opcode::Throw: throw_tag(instruction.low()); return;
    case Opcode::ThrowRef: throw_reference(); return;
    case Opcode::TryTable: try_table(instruction); return;
    case Opcode::Try: begin_try(instruction); return;
    case Opcode::Catch:
    case Opcode::CatchAll: catch_clause(instruction); return;
    case Opcode::Delegate: delegate(instruction.low()); return;
    case Opcode::Rethrow: rethrow(instruction.low()); return;
    case Opcode::Drop: drop(); return;
    case Opcode::Select:
    case Opcode::SelectTyped:
      pop_condition();
      select(Condition::NotEqual);
      return;
    case Opcode::LocalGet: local_get(instruction.low()); return;
    case Opcode::LocalSet: local_set(instruction.low(), false); return;
    case Opcode::LocalTee: local_set(instruction.low(), true); return;
    case Opcode::GlobalGet: global_get(instruction.low()); return;
    case Opcode::GlobalSet: global_set(instruction.low()); return;
    case Opcode::I32Const:
      if (!fuse_shifted_add(instruction)) push_constant(Kind::I32, instruction.value);
      return;
    case Opcode::I64Const: push_constant(Kind::I64, instruction.value); return;
    case Opcode::F32Const: push_constant(Kind::F32, instruction.value); return;
    case Opcode::F64Const: push_constant(Kind::F64, instruction.value); return;
    case Opcode::I32Eqz: integer_eqz(false); return;
    case Opcode::I64Eqz: integer_eqz(true); return;
    case Opcode::I32Eq: integer_compare(Condition::Equal, false); return;
    case Opcode::I32Ne: integer_compare(Condition::NotEqual, false); return;
    case Opcode::I32LtS: integer_compare(Condition::Less, false); return;
    case Opcode::I32LtU: integer_compare(Condition::Below, false); return;
    case Opcode::I32GtS: integer_compare(Condition::Greater, false); return;
    case Opcode::I32GtU: integer_compare(Condition::Above, false); return;
    case Opcode::I32LeS: integer_compare(Condition::LessEqual, false); return;
    case Opcode::I32LeU: integer_compare(Condition::BelowEqual, false); return;
    case Opcode::I32GeS: integer_compare(Condition::GreaterEqual, false); return;
    case Opcode::I32GeU: integer_compare(Condition::AboveEqual, false); return;
    case Opcode::I64Eq: integer_compare(Condition::Equal, true); return;
    case Opcode::I64Ne: integer_compare(Condition::NotEqual, true); return;
    case Opcode::I64LtS: integer_compare(Condition::Less, true); return;
    case Opcode::I64LtU: integer_compare(Condition::Below, true); return;
    case Opcode::I64GtS: integer_compare(Condition::Greater, true); return;
    case Opcode::I64GtU: integer_compare(Condition::Above, true); return;
    case Opcode::I64LeS: integer_compare(Condition::LessEqual, true); return;
    case Opcode::I64LeU: integer_compare(Condition::BelowEqual, true); return;
    case Opcode::I64GeS: integer_compare(Condition::GreaterEqual, true); return;
    case Opcode::I64GeU: integer_compare(Condition::AboveEqual, true); return;
    case Opcode::F32Eq:
    case Opcode::F32Ne:
    case Opcode::F32Lt:
    case Opcode::F32Gt:
    case Opcode::F32Le:
    case Opcode::F32Ge: float_compare(op, false); return;
    case Opcode::F64Eq:
    case Opcode::F64Ne:
    case Opcode::F64Lt:
    case Opcode::F64Gt:
    case Opcode::F64Le:
    case Opcode::F64Ge: float_compare(op, true); return;
    case Opcode::I32Clz:
    case Opcode::I32Ctz:
    case Opcode::I32Popcnt: integer_unary(op, false); return;
    case Opcode::I64Clz:
    case Opcode::I64Ctz:
    case Opcode::I64Popcnt: integer_unary(op, true); return;
    case Opcode::I32Add:
    case Opcode::I32Sub:
    case Opcode::I32Mul:
    case Opcode::I32DivS:
    case Opcode::I32DivU:
    case Opcode::I32RemS:
    case Opcode::I32RemU:
    case Opcode::I32And:
    case Opcode::I32Or:
    case Opcode::I32Xor:
    case Opcode::I32Shl:
    case Opcode::I32ShrS:
    case Opcode::I32ShrU:
    case Opcode::I32Rotl:
    case Opcode::I32Rotr: integer_binary(op, false); return;
    case Opcode::I64Add:
    case Opcode::I64Sub:
    case Opcode::I64Mul:
    case Opcode::I64DivS:
    case Opcode::I64DivU:
    case Opcode::I64RemS:
    case Opcode::I64RemU:
    case Opcode::I64And:
    case Opcode::I64Or:
    case Opcode::I64Xor:
    case Opcode::I64Shl:
    case Opcode::I64ShrS:
    case Opcode::I64ShrU:
    case Opcode::I64Rotl:
    case Opcode::I64Rotr: integer_binary(op, true); return;
    case Opcode::I32Extend8S:
    case Opcode::I32Extend16S:
    case Opcode::I64Extend8S:
    case Opcode::I64Extend16S:
    case Opcode::I64Extend32S:
    case Opcode::I32WrapI64:
    case Opcode::I64ExtendI32S:
    case Opcode::I64ExtendI32U: integer_extend(op); return;
    case Opcode::F32Abs:
    case Opcode::F32Neg:
    case Opcode::F32Ceil:
    case Opcode::F32Floor:
    case Opcode::F32Trunc:
    case Opcode::F32Nearest:
    case Opcode::F32Sqrt: float_unary(op, false); return;
    case Opcode::F64Abs:
    case Opcode::F64Neg:
    case Opcode::F64Ceil:
    case Opcode::F64Floor:
    case Opcode::F64Trunc:
    case Opcode::F64Nearest:
    case Opcode::F64Sqrt: float_unary(op, true); return;
    case Opcode::F32Add:
    case Opcode::F32Sub:
    case Opcode::F32Mul:
    case Opcode::F32Div:
    case Opcode::F32Min:
    case Opcode::F32Max:
    case Opcode::F32Copysign: float_binary(op, false); return;
    case Opcode::F64Add:
    case Opcode::F64Sub:
    case Opcode::F64Mul:
    case Opcode::F64Div:
    case Opcode::F64Min:
    case Opcode::F64Max:
    case Opcode::F64Copysign: float_binary(op, true); return;
    case Opcode::I32TruncF32S:
    case Opcode::I32TruncF32U:
    case Opcode::I32TruncF64S:
    case Opcode::I32TruncF64U:
    case Opcode::I64TruncF32S:
    case Opcode::I64TruncF32U:
    case Opcode::I64TruncF64S:
    case Opcode::I64TruncF64U:
    case Opcode::I32TruncSatF32S:
    case Opcode::I32TruncSatF32U:
    case Opcode::I32TruncSatF64S:
    case Opcode::I32TruncSatF64U:
    case Opcode::I64TruncSatF32S:
    case Opcode::I64TruncSatF32U:
    case Opcode::I64TruncSatF64S:
    case Opcode::I64TruncSatF64U:
    case Opcode::F32ConvertI32S:
    case Opcode::F32ConvertI32U:
    case Opcode::F32ConvertI64S:
    case Opcode::F32ConvertI64U:
    case Opcode::F64ConvertI32S:
    case Opcode::F64ConvertI32U:
    case Opcode::F64ConvertI64S:
    case Opcode::F64ConvertI64U:
    case Opcode::F32DemoteF64:
    case Opcode::F64PromoteF32:
    case Opcode::I32ReinterpretF32:
    case Opcode::I64ReinterpretF64:
    case Opcode::F32ReinterpretI32:
    case Opcode::F64ReinterpretI64: convert(instruction); return;
    case Opcode::I32Load:
    case Opcode::I64Load:
    case Opcode::F32Load:
    case Opcode::F64Load:
    case Opcode::I32Load8S:
    case Opcode::I32Load8U:
    case Opcode::I32Load16S:
    case Opcode::I32Load16U:
    case Opcode::I64Load8S:
    case Opcode::I64Load8U:
    case Opcode::I64Load16S:
    case Opcode::I64Load16U:
    case Opcode::I64Load32S:
    case Opcode::I64Load32U: memory_load(instruction); return;
    case Opcode::I32Store:
    case Opcode::I64Store:
    case Opcode::F32Store:
    case Opcode::F64Store:
    case Opcode::I32Store8:
    case Opcode::I32Store16:
    case Opcode::I64Store8:
    case Opcode::I64Store16:
    case Opcode::I64Store32: memory_store(instruction); return;
    case Opcode::MemorySize: memory_size(instruction.low()); return;
    case Opcode::MemoryGrow: memory_grow(instruction.low()); return;
    case Opcode::MemoryCopy:
    case Opcode::MemoryFill:
    case Opcode::MemoryInit:
    case Opcode::DataDrop: bulk(instruction); return;
    case Opcode::TableGet:
    case Opcode::TableSet:
    case Opcode::TableGrow:
    case Opcode::TableSize:
    case Opcode::TableFill:
    case Opcode::TableCopy:
    case Opcode::TableInit:
    case Opcode::ElemDrop: table(instruction); return;
    case Opcode::RefNull:
    case Opcode::RefIsNull:
    case Opcode::RefFunc:
    case Opcode::RefAsNonNull: reference(instruction); return;
    default: MERLON_CHECK(vector(instruction)); return;
  }
}

#pragma GCC diagnostic pop

bool FunctionCompiler::vector(const Instruction& instruction) {
  return vector_memory(instruction) || vector_lanes(instruction) || vector_integer(instruction) ||
         vector_float(instruction) || vector_relaxed(instruction);
}

}  // namespace merlon::wasm::baseline
