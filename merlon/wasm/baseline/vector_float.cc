#include "merlon/wasm/baseline/function_compiler.h"

// Floating-point vector instructions that take several instructions of the machine.

namespace merlon::wasm::baseline {

namespace {

namespace I = x86::Inst;
using Id = x86::Inst::Id;

constexpr std::uint64_t sign32 = 0x8000'0000'8000'0000;
constexpr std::uint64_t sign64 = 0x8000'0000'0000'0000;

constexpr std::uint64_t lanes_of(float value) noexcept {
  return std::uint64_t{std::bit_cast<std::uint32_t>(value)} * 0x0000'0001'0000'0001U;
}
constexpr std::uint64_t lanes_of(double value) noexcept {
  return std::bit_cast<std::uint64_t>(value);
}

}  // namespace

/// `id` is `and`, to clear the signs, or `xor`, to change them.
void FunctionCompiler::vector_sign(x86::Inst::Id id, Kind type) {
  Operand value = pop();
  const RegisterId source = to_register(value);
  const RegisterId reg = result_register(Kind::V128, &value);
  const std::uint64_t sign = type == Kind::F64 ? sign64 : sign32;
  a_.emit(id, xmm(reg), xmm(source), constant_lanes(id == I::kIdVandps ? ~sign : sign));
  push_vector(reg, {&value});
}

/// The machine's minimum gives its second operand for NaNs and for zeros of either sign. Both
/// orders together tell what it is: equal numbers but for the sign of zeros, which `or` and `and`
/// settle. Where there is a NaN the sum is one, made of it.
void FunctionCompiler::vector_min_max(x86::Inst::Id id, Kind type) {
  const bool is_double = type == Kind::F64;
  Operand right = pop();
  Operand left = pop();
  const x86::Xmm first = xmm(to_register(left));
  const x86::Xmm second = xmm(to_register(right));
  const RegisterId reg = vector_result(left, right);
  const x86::Xmm to = xmm(reg);
  const bool is_max = id == I::kIdVmaxps || id == I::kIdVmaxpd;
  constexpr std::uint32_t unordered = 3;
  a_.emit(id, vector_scratch, first, second);
  a_.emit(id, vector_scratch2, second, first);
  if (is_max) a_.vandps(vector_scratch, vector_scratch, vector_scratch2);
  else a_.vorps(vector_scratch, vector_scratch, vector_scratch2);
  if (is_double) {
    a_.vcmppd(vector_scratch2, first, second, unordered);
    a_.vaddpd(to, first, second);
    a_.vblendvpd(to, vector_scratch, to, vector_scratch2);
  } else {
    a_.vcmpps(vector_scratch2, first, second, unordered);
    a_.vaddps(to, first, second);
    a_.vblendvps(to, vector_scratch, to, vector_scratch2);
  }
  push_vector(reg, {&left, &right});
}

/// What is too large or no number becomes the smallest integer: right for what is too small.
void FunctionCompiler::truncate_floats_signed() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  constexpr std::uint32_t equal = 0;
  constexpr std::uint32_t greater_equal = 13;
  a_.vcvttps2dq(vector_scratch, source);
  a_.vcmpps(vector_scratch2, source, constant_lanes(lanes_of(2147483648.0F)), greater_equal);
  a_.vcmpps(xmm(reg), source, source, equal);
  a_.vpxor(vector_scratch, vector_scratch, vector_scratch2);
  a_.vpand(xmm(reg), xmm(reg), vector_scratch);
  push_vector(reg, {&value});
}

/// The lower half of the range converts as signed; for the others 2^31 has been given, to which
/// the conversion of the rest is added. From 2^32 on all bits are set.
void FunctionCompiler::truncate_floats_unsigned() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  const x86::Xmm to = xmm(reg);
  constexpr std::uint32_t greater_equal = 13;
  a_.vmaxps(to, source, constant128(0, 0));  // zero for NaNs, too: the second operand
  a_.vcvttps2dq(vector_scratch, to);
  a_.vsubps(vector_scratch2, to, constant_lanes(lanes_of(2147483648.0F)));
  a_.vcmpps(to, to, constant_lanes(lanes_of(4294967296.0F)), greater_equal);
  a_.vpor(to, to, vector_scratch);
  a_.vcvttps2dq(vector_scratch2, vector_scratch2);
  a_.vpsrad(vector_scratch, vector_scratch, 31);
  a_.vpand(vector_scratch2, vector_scratch2, vector_scratch);
  a_.vpor(to, to, vector_scratch2);
  push_vector(reg, {&value});
}

void FunctionCompiler::truncate_doubles_signed() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  constexpr std::uint32_t equal = 0;
  // The upper limit, but zero for NaNs; it is what the minimum gives for them.
  a_.vcmppd(vector_scratch, source, source, equal);
  a_.vandpd(vector_scratch, vector_scratch, constant_lanes(lanes_of(2147483647.0)));
  a_.vminpd(vector_scratch, source, vector_scratch);
  a_.vcvttpd2dq(xmm(reg), vector_scratch);
  push_vector(reg, {&value});
}

/// Between 2^52 and 2^53 the lower half of a double is its integer part's.
void FunctionCompiler::truncate_doubles_unsigned() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  constexpr std::uint32_t to_zero = 11;
  constexpr std::uint32_t even_lanes = 0x88;
  a_.vmaxpd(vector_scratch, source, constant128(0, 0));  // zero for NaNs, too
  a_.vminpd(vector_scratch, vector_scratch, constant_lanes(lanes_of(4294967295.0)));
  a_.vroundpd(vector_scratch, vector_scratch, to_zero);
  a_.vaddpd(vector_scratch, vector_scratch, constant_lanes(lanes_of(4503599627370496.0)));
  a_.vshufps(xmm(reg), vector_scratch, constant128(0, 0), even_lanes);
  push_vector(reg, {&value});
}

/// Halves as the fractions of 2^23 and 2^39; these two are taken off again before the only
/// addition that rounds.
void FunctionCompiler::convert_unsigned_to_floats() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  constexpr std::uint32_t upper_words = 0xaa;
  constexpr float two23 = 8388608.0F;
  constexpr float two39 = 549755813888.0F;
  a_.vpblendw(vector_scratch, source, constant_lanes(lanes_of(two23)), upper_words);
  a_.vpsrld(vector_scratch2, source, 16);
  a_.vpblendw(vector_scratch2, vector_scratch2, constant_lanes(lanes_of(two39)), upper_words);
  a_.vsubps(vector_scratch2, vector_scratch2, constant_lanes(lanes_of(two39 + two23)));
  a_.vaddps(xmm(reg), vector_scratch, vector_scratch2);
  push_vector(reg, {&value});
}

/// As the fraction of 2^52.
void FunctionCompiler::convert_unsigned_to_doubles() {
  Operand value = pop();
  const x86::Xmm source = xmm(to_register(value));
  const RegisterId reg = result_register(Kind::V128, &value);
  constexpr std::uint64_t upper_half = 0x4330'0000'4330'0000;
  a_.vpunpckldq(vector_scratch, source, constant_lanes(upper_half));
  a_.vsubpd(xmm(reg), vector_scratch, constant_lanes(lanes_of(4503599627370496.0)));
  push_vector(reg, {&value});
}

}  // namespace merlon::wasm::baseline
