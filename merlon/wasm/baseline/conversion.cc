#include "merlon/wasm/baseline/function_compiler.h"

// Between integers and floating point.

namespace merlon::wasm::baseline {

namespace {

/// What a truncation can give, and what it can be given: less than `upper`, and more than `lower`
/// or, where nothing can be told between that and the range, at least that.
struct Range {
  double lower;
  bool lower_fits;
  double upper;
  std::uint64_t smallest;
  std::uint64_t largest;
};

Range range_of(bool from_double, bool to_wide, bool to_signed) noexcept {
  constexpr double two31 = 0x1p31, two32 = 0x1p32, two63 = 0x1p63, two64 = 0x1p64;
  // Above -1 the result is 0 or more.
  if (!to_signed && to_wide) return {-1.0, false, two64, 0, 0xffff'ffff'ffff'ffff};
  if (!to_signed) return {-1.0, false, two32, 0, 0xffff'ffff};
  if (to_wide) return {-two63, true, two63, 0x8000'0000'0000'0000, 0x7fff'ffff'ffff'ffff};
  if (from_double) return {-two31 - 1.0, false, two31, 0x8000'0000, 0x7fff'ffff};
  return {-two31, true, two31, 0x8000'0000, 0x7fff'ffff};
}

}  // namespace

void FunctionCompiler::convert_float(Kind to) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(to, &value);
  if (to == Kind::F32) a_.vcvtsd2ss(xmm(reg), xmm(source), xmm(source));
  else a_.vcvtss2sd(xmm(reg), xmm(source), xmm(source));
  if (value.place == Place::Register && value.reg != reg) release(value);
  push_result(to, reg);
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

void FunctionCompiler::convert_integer(const Conversion& conversion) {
  const bool to_double = conversion.to == Kind::F64;
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(conversion.to);
  const auto from = [this, to_double, reg](const x86::Gp& integer) {
    // The instruction merges into its first operand: break the dependency on what was there.
    a_.vxorps(vector_scratch, vector_scratch, vector_scratch);
    if (to_double) a_.vcvtsi2sd(xmm(reg), vector_scratch, integer);
    else a_.vcvtsi2ss(xmm(reg), vector_scratch, integer);
  };
  if (conversion.from == Kind::I32) {
    // An unsigned 32-bit number is a non-negative 64-bit one.
    from(conversion.is_signed ? gp32(source) : gp64(source));
  } else if (conversion.is_signed) {
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
  push_result(conversion.to, reg);
}

/// The machine gives the smallest integer for what it cannot convert; only then is there anything
/// to find out, out of the way.
void FunctionCompiler::truncate(const Conversion& conversion) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(conversion.to);
  const asmjit::Label special = a_.newLabel();
  const asmjit::Label done = a_.newLabel();
  const bool wide = conversion.to == Kind::I64;
  const bool narrow_signed = !wide && conversion.is_signed;
  emit_truncate(conversion, narrow_signed ? gp32(reg) : gp64(reg), xmm(source));
  if (conversion.is_signed) {
    a_.cmp(wide ? gp64(reg) : gp32(reg), 1);
    a_.jo(special);
  } else if (wide) {
    a_.test(gp64(reg), gp64(reg));
    a_.js(special);
  } else {
    a_.mov(scratch.r32(), gp32(reg));
    a_.cmp(gp64(reg), scratch);
    a_.jne(special);
  }
  a_.bind(done);
  defer([=, this] {
    a_.bind(special);
    truncate_special(conversion, reg, xmm(source), done);
  });
  release(value);
  push_result(conversion.to, reg);
}

void FunctionCompiler::emit_truncate(const Conversion& conversion, const x86::Gp& to,
                                     const x86::Xmm& from) {
  if (conversion.from == Kind::F64) a_.vcvttsd2si(to, from);
  else a_.vcvttss2si(to, from);
}

/// What a truncation must look at twice: too large, too small, no number, or just an integer that
/// looks like a failure. Goes to `done` with the result in `reg`.
void FunctionCompiler::truncate_special(const Conversion& conversion, RegisterId reg,
                                        const x86::Xmm& source, const asmjit::Label& done) {
  const bool from_double = conversion.from == Kind::F64;
  const bool to_wide = conversion.to == Kind::I64;
  const Range range = range_of(from_double, to_wide, conversion.is_signed);
  const auto number = [this, from_double](double value) {
    return from_double ? constant64(std::bit_cast<std::uint64_t>(value))
                       : constant32(std::bit_cast<std::uint32_t>(static_cast<float>(value)));
  };
  const auto compare = [this, from_double, &source](const asmjit::Operand& with) {
    a_.emit(from_double ? x86::Inst::kIdVucomisd : x86::Inst::kIdVucomiss, source, with);
  };
  const auto settle = [&](const asmjit::Label& here, std::uint64_t saturated, TrapKind reason) {
    a_.bind(here);
    if (conversion.saturates) load_constant(reg, conversion.to, saturated, false);
    a_.jmp(conversion.saturates ? done : trap_label(reason));
  };
  const asmjit::Label too_small = a_.newLabel();
  const asmjit::Label too_large = a_.newLabel();
  const asmjit::Label not_a_number = a_.newLabel();
  compare(source);
  a_.jp(not_a_number);
  compare(number(range.upper));
  a_.jae(too_large);
  compare(number(range.lower));
  if (range.lower_fits) a_.jb(too_small);
  else a_.jbe(too_small);
  if (to_wide && !conversion.is_signed) {
    // At least 2^63: convert the rest, then add 2^63 by flipping the top bit.
    if (from_double) a_.vsubsd(vector_scratch, source, number(0x1p63));
    else a_.vsubss(vector_scratch, source, number(0x1p63));
    emit_truncate(conversion, gp64(reg), vector_scratch);
    a_.mov(scratch, 0x8000'0000'0000'0000U);
    a_.xor_(gp64(reg), scratch);
  }
  // Otherwise the conversion was right: it was the smallest integer.
  a_.jmp(done);
  settle(too_large, range.largest, TrapKind::IntegerOverflow);
  settle(too_small, range.smallest, TrapKind::IntegerOverflow);
  settle(not_a_number, 0, TrapKind::InvalidConversionToInteger);
}

}  // namespace merlon::wasm::baseline
