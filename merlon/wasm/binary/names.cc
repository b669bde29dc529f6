#include "merlon/wasm/binary/module.h"
#include "merlon/wasm/binary/opcode.h"

namespace merlon::wasm {

std::string_view to_string(Feature feature) noexcept {
  switch (feature) {
    case Feature::Mvp: return "mvp";
    case Feature::SignExtension: return "sign-extension";
    case Feature::SaturatingTruncation: return "saturating-float-to-int";
    case Feature::MultiValue: return "multi-value";
    case Feature::BulkMemory: return "bulk-memory";
    case Feature::ReferenceTypes: return "reference-types";
    case Feature::Simd: return "simd";
    case Feature::RelaxedSimd: return "relaxed-simd";
    case Feature::TailCall: return "tail-call";
    case Feature::ExtendedConst: return "extended-const";
    case Feature::MultiMemory: return "multi-memory";
    case Feature::Memory64: return "memory64";
    case Feature::Exceptions: return "exceptions";
    case Feature::LegacyExceptions: return "legacy-exceptions";
    case Feature::FunctionReferences: return "function-references";
    case Feature::Threads: return "threads";
  }
  return "unknown";
}

std::string_view to_string(ExternKind kind) noexcept {
  switch (kind) {
    case ExternKind::Function: return "function";
    case ExternKind::Table: return "table";
    case ExternKind::Memory: return "memory";
    case ExternKind::Global: return "global";
    case ExternKind::Tag: return "tag";
  }
  return "unknown";
}

namespace {

std::string heap_name(HeapType heap) {
  switch (heap.kind()) {
    case HeapType::Kind::Func: return "func";
    case HeapType::Kind::NoFunc: return "nofunc";
    case HeapType::Kind::Extern: return "extern";
    case HeapType::Kind::NoExtern: return "noextern";
    case HeapType::Kind::Exn: return "exn";
    case HeapType::Kind::NoExn: return "noexn";
    case HeapType::Kind::Defined: return std::to_string(heap.index());
  }
  return "?";
}

}  // namespace

std::string to_string(ValueType type) {
  switch (type.kind()) {
    case ValueType::Kind::Bottom: return "bottom";
    case ValueType::Kind::I32: return "i32";
    case ValueType::Kind::I64: return "i64";
    case ValueType::Kind::F32: return "f32";
    case ValueType::Kind::F64: return "f64";
    case ValueType::Kind::V128: return "v128";
    case ValueType::Kind::Ref: break;
  }
  if (type == ValueType::funcref) return "funcref";
  if (type == ValueType::externref) return "externref";
  if (type == ValueType::exnref) return "exnref";
  return std::string(type.nullable() ? "(ref null " : "(ref ") + heap_name(type.heap()) + ")";
}

}  // namespace merlon::wasm
