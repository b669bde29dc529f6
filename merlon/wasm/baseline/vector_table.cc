#include "merlon/wasm/baseline/vector_table.h"

namespace merlon::wasm::baseline {

namespace {

using Id = x86::Inst::Id;
namespace I = x86::Inst;
using Shape = VectorRule::Shape;

struct Row {
  Opcode op;
  VectorRule rule;
};

constexpr Row unary(Opcode op, Id id, std::int8_t immediate = -1) {
  return {op, {id, Shape::Unary, 16, immediate}};
}
/// Takes the lower half of its operand.
constexpr Row half(Opcode op, Id id) { return {op, {id, Shape::Unary, 8, -1}}; }
constexpr Row binary(Opcode op, Id id, std::int8_t immediate = -1) {
  return {op, {id, Shape::Binary, 16, immediate}};
}
constexpr Row commutative(Opcode op, Id id, std::int8_t immediate = -1) {
  return {op, {id, Shape::Commutative, 16, immediate}};
}
constexpr Row swapped(Opcode op, Id id) { return {op, {id, Shape::Swapped, 16, -1}}; }

// Immediates of vcmpps. All are ordered, so false for NaNs, but for `unequal`.
constexpr std::int8_t equal = 0, less = 1, less_equal = 2, unequal = 4, greater_equal = 13,
                      greater = 14;
// Immediates of vroundps: the direction, and no inexact exception.
constexpr std::int8_t to_nearest = 8, down = 9, up = 10, to_zero = 11;

constexpr Row rows[] = {
    commutative(Opcode::V128And, I::kIdVpand),
    swapped(Opcode::V128Andnot, I::kIdVpandn),
    commutative(Opcode::V128Or, I::kIdVpor),
    commutative(Opcode::V128Xor, I::kIdVpxor),

    commutative(Opcode::I8x16Eq, I::kIdVpcmpeqb),
    commutative(Opcode::I16x8Eq, I::kIdVpcmpeqw),
    commutative(Opcode::I32x4Eq, I::kIdVpcmpeqd),
    commutative(Opcode::I64x2Eq, I::kIdVpcmpeqq),
    binary(Opcode::I8x16GtS, I::kIdVpcmpgtb),
    binary(Opcode::I16x8GtS, I::kIdVpcmpgtw),
    binary(Opcode::I32x4GtS, I::kIdVpcmpgtd),
    binary(Opcode::I64x2GtS, I::kIdVpcmpgtq),
    swapped(Opcode::I8x16LtS, I::kIdVpcmpgtb),
    swapped(Opcode::I16x8LtS, I::kIdVpcmpgtw),
    swapped(Opcode::I32x4LtS, I::kIdVpcmpgtd),
    swapped(Opcode::I64x2LtS, I::kIdVpcmpgtq),
    commutative(Opcode::F32x4Eq, I::kIdVcmpps, equal),
    commutative(Opcode::F32x4Ne, I::kIdVcmpps, unequal),
    binary(Opcode::F32x4Lt, I::kIdVcmpps, less),
    binary(Opcode::F32x4Gt, I::kIdVcmpps, greater),
    binary(Opcode::F32x4Le, I::kIdVcmpps, less_equal),
    binary(Opcode::F32x4Ge, I::kIdVcmpps, greater_equal),
    commutative(Opcode::F64x2Eq, I::kIdVcmppd, equal),
    commutative(Opcode::F64x2Ne, I::kIdVcmppd, unequal),
    binary(Opcode::F64x2Lt, I::kIdVcmppd, less),
    binary(Opcode::F64x2Gt, I::kIdVcmppd, greater),
    binary(Opcode::F64x2Le, I::kIdVcmppd, less_equal),
    binary(Opcode::F64x2Ge, I::kIdVcmppd, greater_equal),

    commutative(Opcode::I8x16Add, I::kIdVpaddb),
    commutative(Opcode::I16x8Add, I::kIdVpaddw),
    commutative(Opcode::I32x4Add, I::kIdVpaddd),
    commutative(Opcode::I64x2Add, I::kIdVpaddq),
    binary(Opcode::I8x16Sub, I::kIdVpsubb),
    binary(Opcode::I16x8Sub, I::kIdVpsubw),
    binary(Opcode::I32x4Sub, I::kIdVpsubd),
    binary(Opcode::I64x2Sub, I::kIdVpsubq),
    commutative(Opcode::I8x16AddSatS, I::kIdVpaddsb),
    commutative(Opcode::I8x16AddSatU, I::kIdVpaddusb),
    commutative(Opcode::I16x8AddSatS, I::kIdVpaddsw),
    commutative(Opcode::I16x8AddSatU, I::kIdVpaddusw),
    binary(Opcode::I8x16SubSatS, I::kIdVpsubsb),
    binary(Opcode::I8x16SubSatU, I::kIdVpsubusb),
    binary(Opcode::I16x8SubSatS, I::kIdVpsubsw),
    binary(Opcode::I16x8SubSatU, I::kIdVpsubusw),
    commutative(Opcode::I16x8Mul, I::kIdVpmullw),
    commutative(Opcode::I32x4Mul, I::kIdVpmulld),
    commutative(Opcode::I32x4DotI16x8S, I::kIdVpmaddwd),
    commutative(Opcode::I8x16AvgrU, I::kIdVpavgb),
    commutative(Opcode::I16x8AvgrU, I::kIdVpavgw),
    commutative(Opcode::I8x16MinS, I::kIdVpminsb),
    commutative(Opcode::I8x16MinU, I::kIdVpminub),
    commutative(Opcode::I8x16MaxS, I::kIdVpmaxsb),
    commutative(Opcode::I8x16MaxU, I::kIdVpmaxub),
    commutative(Opcode::I16x8MinS, I::kIdVpminsw),
    commutative(Opcode::I16x8MinU, I::kIdVpminuw),
    commutative(Opcode::I16x8MaxS, I::kIdVpmaxsw),
    commutative(Opcode::I16x8MaxU, I::kIdVpmaxuw),
    commutative(Opcode::I32x4MinS, I::kIdVpminsd),
    commutative(Opcode::I32x4MinU, I::kIdVpminud),
    commutative(Opcode::I32x4MaxS, I::kIdVpmaxsd),
    commutative(Opcode::I32x4MaxU, I::kIdVpmaxud),
    unary(Opcode::I8x16Abs, I::kIdVpabsb),
    unary(Opcode::I16x8Abs, I::kIdVpabsw),
    unary(Opcode::I32x4Abs, I::kIdVpabsd),
    binary(Opcode::I8x16NarrowI16x8S, I::kIdVpacksswb),
    binary(Opcode::I8x16NarrowI16x8U, I::kIdVpackuswb),
    binary(Opcode::I16x8NarrowI32x4S, I::kIdVpackssdw),
    binary(Opcode::I16x8NarrowI32x4U, I::kIdVpackusdw),
    half(Opcode::I16x8ExtendLowI8x16S, I::kIdVpmovsxbw),
    half(Opcode::I16x8ExtendLowI8x16U, I::kIdVpmovzxbw),
    half(Opcode::I32x4ExtendLowI16x8S, I::kIdVpmovsxwd),
    half(Opcode::I32x4ExtendLowI16x8U, I::kIdVpmovzxwd),
    half(Opcode::I64x2ExtendLowI32x4S, I::kIdVpmovsxdq),
    half(Opcode::I64x2ExtendLowI32x4U, I::kIdVpmovzxdq),

    commutative(Opcode::F32x4Add, I::kIdVaddps),
    binary(Opcode::F32x4Sub, I::kIdVsubps),
    commutative(Opcode::F32x4Mul, I::kIdVmulps),
    binary(Opcode::F32x4Div, I::kIdVdivps),
    commutative(Opcode::F64x2Add, I::kIdVaddpd),
    binary(Opcode::F64x2Sub, I::kIdVsubpd),
    commutative(Opcode::F64x2Mul, I::kIdVmulpd),
    binary(Opcode::F64x2Div, I::kIdVdivpd),
    // The machine's minimum is `x < y ? x : y`, the pseudo-minimum of (y, x).
    swapped(Opcode::F32x4Pmin, I::kIdVminps),
    swapped(Opcode::F32x4Pmax, I::kIdVmaxps),
    swapped(Opcode::F64x2Pmin, I::kIdVminpd),
    swapped(Opcode::F64x2Pmax, I::kIdVmaxpd),
    unary(Opcode::F32x4Sqrt, I::kIdVsqrtps),
    unary(Opcode::F64x2Sqrt, I::kIdVsqrtpd),
    unary(Opcode::F32x4Ceil, I::kIdVroundps, up),
    unary(Opcode::F32x4Floor, I::kIdVroundps, down),
    unary(Opcode::F32x4Trunc, I::kIdVroundps, to_zero),
    unary(Opcode::F32x4Nearest, I::kIdVroundps, to_nearest),
    unary(Opcode::F64x2Ceil, I::kIdVroundpd, up),
    unary(Opcode::F64x2Floor, I::kIdVroundpd, down),
    unary(Opcode::F64x2Trunc, I::kIdVroundpd, to_zero),
    unary(Opcode::F64x2Nearest, I::kIdVroundpd, to_nearest),
    unary(Opcode::F32x4ConvertI32x4S, I::kIdVcvtdq2ps),
    half(Opcode::F64x2ConvertLowI32x4S, I::kIdVcvtdq2pd),
    unary(Opcode::F32x4DemoteF64x2Zero, I::kIdVcvtpd2ps),
    half(Opcode::F64x2PromoteLowF32x4, I::kIdVcvtps2pd),
};

consteval std::array<VectorRule, opcode_count> by_opcode() {
  std::array<VectorRule, opcode_count> result{};
  for (const Row& row : rows) result[static_cast<std::size_t>(row.op)] = row.rule;
  return result;
}

constexpr std::array<VectorRule, opcode_count> rules = by_opcode();

}  // namespace

const VectorRule& vector_rule(Opcode op) noexcept { return rules[static_cast<std::size_t>(op)]; }

}  // namespace merlon::wasm::baseline
