#include "merlon/wasm/baseline/function_compiler.h"

// Between integers and floating point.

namespace merlon::wasm::baseline {

namespace {

/// A truncation's types and limits.
struct Truncation {
  bool from_double;
  bool to_wide;
  bool to_signed;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"

Truncation truncation_of(Opcode op) noexcept {
  switch (op) {
    case Opcode::I32TruncF32S:
    case Opcode::I32TruncSatF32S: return {false, false, true};
    case Opcode::I32TruncF32U:
    case Opcode::I32TruncSatF32U: return {false, false, false};
    case Opcode::I32TruncF64S:
    case Opcode::I32TruncSatF64S: return {true, false, true};
    case Opcode::I32TruncF64U:
    case Opcode::I32TruncSatF64U: return {true, false, false};
    case Opcode::I64TruncF32S:
    case Opcode::I64TruncSatF32S: return {false, true, true};
    case Opcode::I64TruncF32U:
    case Opcode::I64TruncSatF32U: return {false, true, false};
    case Opcode::I64TruncF64S:
    case Opcode::I64TruncSatF64S: return {true, true, true};
    default: return {true, true, false};
  }
}

bool saturates(Opcode op) noexcept {
  return op >= Opcode::I32TruncSatF32S && op <= Opcode::I64TruncSatF64U;
}

}  // namespace

void FunctionCompiler::convert(const Instruction& instruction) {
  const Opcode op = instruction.op;
  switch (op) {
    case Opcode::I32ReinterpretF32: reinterpret(Kind::F32, Kind::I32); return;
    case Opcode::I64ReinterpretF64: reinterpret(Kind::F64, Kind::I64); return;
    case Opcode::F32ReinterpretI32: reinterpret(Kind::I32, Kind::F32); return;
    case Opcode::F64ReinterpretI64: reinterpret(Kind::I64, Kind::F64); return;
    case Opcode::F32DemoteF64:
    case Opcode::F64PromoteF32: {
      Operand value = pop();
      const bool demote = op == Opcode::F32DemoteF64;
      const RegisterId source = to_register(value);
      const Kind type = demote ? Kind::F32 : Kind::F64;
      const RegisterId reg = result_register(type, &value);
      if (demote) a_.vcvtsd2ss(xmm(reg), xmm(source), xmm(source));
      else a_.vcvtss2sd(xmm(reg), xmm(source), xmm(source));
      if (value.place == Place::Register && value.reg != reg) release(value);
      push_result(type, reg);
      return;
    }
    case Opcode::F32ConvertI32S:
    case Opcode::F32ConvertI32U:
    case Opcode::F32ConvertI64S:
    case Opcode::F32ConvertI64U:
    case Opcode::F64ConvertI32S:
    case Opcode::F64ConvertI32U:
    case Opcode::F64ConvertI64S:
    case Opcode::F64ConvertI64U: convert_integer(op); return;
    default: truncate(op, saturates(op)); return;
  }
}

void FunctionCompiler::reinterpret(Kind from, Kind to) {
  Operand value = pop();
  const RegisterId reg = result_register(to);
  const RegisterId source = register_of(value);
  const bool wide = from == Kind::I64 || from == Kind::F64;
  if (value.place == Place::Constant) {
    load_constant(reg, to, value.bits, false);
  } else if (source == no_register) {
    load_register(to, reg, memory_of(value));
  } else if (is_vector(reg)) {
    if (wide) a_.vmovq(xmm(reg), gp64(source));
    else a_.vmovd(xmm(reg), gp32(source));
  } else {
    if (wide) a_.vmovq(gp64(reg), xmm(source));
    else a_.vmovd(gp32(reg), xmm(source));
  }
  release(value);
  push_result(to, reg);
}

void FunctionCompiler::convert_integer(Opcode op) {
  const bool to_double = op >= Opcode::F64ConvertI32S;
  const bool wide = op == Opcode::F32ConvertI64S || op == Opcode::F32ConvertI64U ||
                    op == Opcode::F64ConvertI64S || op == Opcode::F64ConvertI64U;
  const bool is_unsigned = op == Opcode::F32ConvertI32U || op == Opcode::F32ConvertI64U ||
                           op == Opcode::F64ConvertI32U || op == Opcode::F64ConvertI64U;
  Operand value = pop();
  const RegisterId source = to_register(value);
  const Kind type = to_double ? Kind::F64 : Kind::F32;
  const RegisterId reg = result_register(type);
  const auto from = [this, to_double, reg](const x86::Gp& integer) {
    // The instruction merges into its first operand: break the dependency on what was there.
    a_.vxorps(vector_scratch, vector_scratch, vector_scratch);
    if (to_double) a_.vcvtsi2sd(xmm(reg), vector_scratch, integer);
    else a_.vcvtsi2ss(xmm(reg), vector_scratch, integer);
  };
  if (!wide) {
    // An unsigned 32-bit number is a non-negative 64-bit one.
    from(is_unsigned ? gp64(source) : gp32(source));
  } else if (!is_unsigned) {
    from(gp64(source));
  } else {
    const asmjit::Label large = a_.newLabel();
    const asmjit::Label done = a_.newLabel();
    // Before the ways part: to empty a register may take a store, which both must see.
    const RegisterId half = value.place == Place::Register ? source : allocate_general();
    a_.test(gp64(source), gp64(source));
    a_.js(large);
    from(gp64(source));
    a_.bind(done);
    defer([=, this] {
      // Half of it, with the lost bit kept for rounding, then twice the result.
      a_.bind(large);
      a_.mov(scratch, gp64(source));
      a_.and_(scratch.r32(), 1);
      move(Kind::I64, half, source);
      a_.shr(gp64(half), 1);
      a_.or_(gp64(half), scratch);
      from(gp64(half));
      if (to_double) a_.vaddsd(xmm(reg), xmm(reg), xmm(reg));
      else a_.vaddss(xmm(reg), xmm(reg), xmm(reg));
      a_.jmp(done);
    });
    if (half != source) release(half);
  }
  release(value);
  push_result(type, reg);
}

#pragma GCC diagnostic pop

/// cvttss2si gives the smallest integer for what it cannot convert; only then is there anything
/// to find out, out of the way.
void FunctionCompiler::truncate(Opcode op, bool saturate) {
  const Truncation t = truncation_of(op);
  Operand value = pop();
  const RegisterId source = to_register(value);
  const Kind type = t.to_wide ? Kind::I64 : Kind::I32;
  const RegisterId reg = result_register(type);
  const asmjit::Label slow = a_.newLabel();
  const asmjit::Label done = a_.newLabel();
  const auto convert = [this, t](const x86::Gp& to, const x86::Xmm& from) {
    if (t.from_double) a_.vcvttsd2si(to, from);
    else a_.vcvttss2si(to, from);
  };
  const auto floating = [this, t](double bound) {
    return t.from_double ? constant64(std::bit_cast<std::uint64_t>(bound))
                         : constant32(std::bit_cast<std::uint32_t>(static_cast<float>(bound)));
  };
  const auto compare = [this, t](const x86::Xmm& left, const asmjit::Operand& right) {
    a_.emit(t.from_double ? x86::Inst::kIdVucomisd : x86::Inst::kIdVucomiss, left, right);
  };
  if (t.to_wide && t.to_signed) {
    convert(gp64(reg), xmm(source));
    a_.cmp(gp64(reg), 1);
    a_.jo(slow);
  } else if (t.to_wide) {
    convert(gp64(reg), xmm(source));
    a_.test(gp64(reg), gp64(reg));
    a_.js(slow);
  } else if (t.to_signed) {
    convert(gp32(reg), xmm(source));
    a_.cmp(gp32(reg), 1);
    a_.jo(slow);
  } else {
    convert(gp64(reg), xmm(source));
    a_.mov(scratch.r32(), gp32(reg));
    a_.cmp(gp64(reg), scratch);
    a_.jne(slow);
  }
  a_.bind(done);
  const double two63 = 9223372036854775808.0;
  const double upper =
      t.to_wide ? (t.to_signed ? two63 : 2 * two63) : (t.to_signed ? 2147483648.0 : 4294967296.0);
  // The largest number that is too small: one below the range where that has a representation.
  const bool exact_below = !t.to_wide && t.to_signed && t.from_double;
  const double lower = t.to_signed ? (t.to_wide ? -two63 : -2147483648.0) : 0.0;
  const std::uint64_t max_value = t.to_wide ? (t.to_signed ? 0x7fff'ffff'ffff'ffffU : ~0ULL)
                                            : (t.to_signed ? 0x7fff'ffffU : 0xffff'ffffU);
  const std::uint64_t min_value =
      t.to_signed ? (t.to_wide ? 0x8000'0000'0000'0000U : 0x8000'0000U) : 0;
  defer([=, this] {
    const asmjit::Label too_small = a_.newLabel();
    const asmjit::Label too_large = a_.newLabel();
    const asmjit::Label not_a_number = a_.newLabel();
    a_.bind(slow);
    compare(xmm(source), xmm(source));
    a_.jp(not_a_number);
    compare(xmm(source), floating(upper));
    a_.jae(too_large);
    if (!t.to_signed) {
      // Above -1 the result is 0 or more.
      compare(xmm(source), floating(-1.0));
      a_.jbe(too_small);
    } else if (exact_below) {
      compare(xmm(source), floating(lower - 1.0));
      a_.jbe(too_small);
    } else {
      compare(xmm(source), floating(lower));
      a_.jb(too_small);
    }
    if (t.to_wide && !t.to_signed) {
      // At least 2^63: convert the rest, then add 2^63 by flipping the top bit.
      if (t.from_double) a_.vsubsd(vector_scratch, xmm(source), floating(two63));
      else a_.vsubss(vector_scratch, xmm(source), floating(two63));
      convert(gp64(reg), vector_scratch);
      a_.mov(scratch, 0x8000'0000'0000'0000U);
      a_.xor_(gp64(reg), scratch);
    }
    // Otherwise the conversion was right: it was the smallest integer.
    a_.jmp(done);
    a_.bind(too_large);
    if (saturate) {
      load_constant(reg, type, max_value, false);
      a_.jmp(done);
    } else {
      a_.jmp(trap_label(TrapKind::IntegerOverflow));
    }
    a_.bind(too_small);
    if (saturate) {
      load_constant(reg, type, min_value, false);
      a_.jmp(done);
    } else {
      a_.jmp(trap_label(TrapKind::IntegerOverflow));
    }
    a_.bind(not_a_number);
    if (saturate) {
      load_constant(reg, type, 0, false);
      a_.jmp(done);
    } else {
      a_.jmp(trap_label(TrapKind::InvalidConversionToInteger));
    }
  });
  release(value);
  push_result(type, reg);
}

}  // namespace merlon::wasm::baseline
