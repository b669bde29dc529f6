#pragma once

// One pass from a function's instructions to x86-64, with a stack of operands that know where
// their values are: nothing is moved before it has to be.
//
// steps.def says which function emits which instruction. They lie in files of their own:
// operands.cc (the stack and its registers), control.cc, calls.cc, integer.cc, floating.cc,
// memory.cc, reference.cc, vector_*.cc.

#include <cstdio>
#include <functional>
#include <span>
#include <vector>

#include "merlon/wasm/baseline/analysis.h"
#include "merlon/wasm/baseline/compared_locals.h"
#include "merlon/wasm/exec/compiler.h"

namespace merlon::wasm::baseline {

struct ShufflePlan;
struct VectorRule;

/// Where an operand's value is.
enum class Place : std::uint8_t {
  Constant,  ///< nowhere yet: `bits`
  Register,  ///< in `reg`, which is the operand's own
  Local,     ///< in the local `local`, wherever that is
  Slot,      ///< in the operand's own place in the frame
};

/// An entry of the operand stack, or one just taken off it.
struct Operand {
  Place place = Place::Constant;
  ValueType::Kind type = ValueType::Kind::I32;
  RegisterId reg = no_register;
  LocalIndex local = no_local;
  std::uint32_t slot = 0;  ///< offset from rsp, fixed by the operands below
  std::uint64_t bits = 0;

  [[nodiscard]] bool is_wide() const noexcept {
    return type == ValueType::Kind::I64 || type == ValueType::Kind::Ref;
  }
  [[nodiscard]] bool in_vector() const noexcept {
    return type == ValueType::Kind::F32 || type == ValueType::Kind::F64 ||
           type == ValueType::Kind::V128;
  }
};

/// More values than these are copied by the runtime or by a loop: code grows with the module's
/// bytes, and two bytes can call a function of a thousand parameters and results.
inline constexpr std::size_t many_values = 32;

/// What the flags must say for a comparison to hold. The last two need the parity flag as well.
enum class Condition : std::uint8_t {
  Equal,
  NotEqual,
  Less,
  LessEqual,
  Greater,
  GreaterEqual,
  Below,
  BelowEqual,
  Above,
  AboveEqual,
  FloatEqual,
  FloatNotEqual,
};
[[nodiscard]] Condition negated(Condition condition) noexcept;

/// Remembers that the assembler refused something: a bug of ours, never the input's.
class AssemblerErrors : public asmjit::ErrorHandler {
 public:
  void handleError(asmjit::Error, const char* message, asmjit::BaseEmitter*) override {
    if (failed_) return;
    failed_ = true;
    std::snprintf(message_, sizeof(message_), "%s", message);
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] const char* message() const noexcept { return message_; }

 private:
  bool failed_ = false;
  char message_[128] = {};
};

class FunctionCompiler {
 public:
  FunctionCompiler();

  /// Emits the code of a validated function into `out`.
  [[nodiscard]] core::Result<void> compile(const CompileEnvironment& environment, FuncIndex index,
                                           FunctionCode& out);

 private:
  using Kind = ValueType::Kind;
  using TypeSpan = std::span<const ValueType>;

  /// An open block, as the label of branches to it.
  struct Control {
    Opcode op = Opcode::Block;
    bool unreachable = false;     ///< the code after this point until `end` or `else`
    bool reached = false;         ///< some branch goes to the label
    std::uint32_t height = 0;     ///< operands below the block's own
    std::uint32_t base_slot = 0;  ///< where the first of the block's own operands has its slot
    std::int32_t region = 0;  ///< of the code outside the block and, but for loops, of its label
    std::int32_t inner_region = 0;
    std::int32_t try_region = -1;        ///< around the block
    std::int32_t inner_try_region = -1;  ///< in it, where nothing further in has one
    std::int32_t own_try_region = -1;    ///< Try and its clauses: the one that has these
    std::uint32_t exception_slot = 0;    ///< Catch and CatchAll: where the exception is
    asmjit::Label label;
    asmjit::Label else_label;
    asmjit::Label table_stub;  ///< while a branch table is compiled: its way to the label
    BlockType type = BlockType::empty();
    ValueType single;  ///< storage for the types of BlockType::value
  };

  // Set-up and frame (function_compiler.cc).
  void begin(const CompileEnvironment& environment, FuncIndex index, FunctionCode& out);
  void prologue();
  [[nodiscard]] std::uint32_t place_locals(std::uint32_t offset);
  void receive_parameters();
  void zero_locals();
  void epilogue();
  void finish(FunctionCode& out);
  /// Emits an instruction, as steps.def says.
  void step(const Instruction& instruction);
  void nop() const noexcept {}
  void unreachable();
  void skip_unreachable(const Instruction& instruction);
  void emit_constants();

  // Sites and traps.
  void note_site(CodeSite::Kind kind, TrapKind trap = TrapKind::Unreachable);
  void note_fault() { note_site(CodeSite::Kind::Fault); }
  void trap(TrapKind kind);
  [[nodiscard]] asmjit::Label trap_label(TrapKind kind,
                                         CodeSite::Kind site = CodeSite::Kind::Explicit);
  void trap_if(Condition condition, TrapKind kind);
  void stack_check(CodeSite::Kind kind);
  /// Code to be emitted after the function's own, out of the way.
  void defer(std::function<void()> code);

  // Operands and registers (operands.cc).
  Operand& grow(Place place, Kind type);
  void push(const Operand& operand);
  void push_register(Kind type, RegisterId reg);
  void push_constant(Kind type, std::uint64_t bits);
  void push_slot(Kind type);
  void push_local(Kind type, LocalIndex local);
  [[nodiscard]] Operand pop();
  void drop();
  void release(const Operand& operand);
  void release(RegisterId reg);
  [[nodiscard]] RegisterId allocate_general();
  [[nodiscard]] RegisterId allocate_vector();
  [[nodiscard]] RegisterId allocate(Kind type);
  [[nodiscard]] RegisterId allocate_from(RegisterSet candidates);
  /// Empties a register that no operand in hand may be in.
  void take(RegisterId reg);
  void spill(std::size_t entry);
  void spill_registers_below(std::size_t height);
  void flush(std::size_t height);
  [[nodiscard]] std::uint32_t slot_at(std::size_t entry) const;
  [[nodiscard]] std::uint32_t slot_size(Kind type) const noexcept {
    return type == Kind::V128 ? 16 : 8;
  }
  [[nodiscard]] RegisterId home(LocalIndex local) const noexcept { return homes_[local]; }
  [[nodiscard]] x86::Mem local_memory(LocalIndex local) const;
  [[nodiscard]] x86::Mem slot_memory(std::uint32_t slot) const;
  [[nodiscard]] RegisterId register_of(const Operand& operand) const;
  [[nodiscard]] bool in_register(const Operand& operand) const {
    return register_of(operand) != no_register;
  }
  /// The frame memory an operand that is in no register is in.
  [[nodiscard]] x86::Mem memory_of(const Operand& operand) const;
  /// Moves a value; touches no flags if `keep_flags`.
  void load(RegisterId to, const Operand& from, bool keep_flags = false);
  void load_constant(RegisterId to, Kind type, std::uint64_t bits, bool keep_flags);
  void store(const x86::Mem& to, const Operand& from);
  void move(Kind type, RegisterId to, RegisterId from);
  void load_register(Kind type, RegisterId to, const x86::Mem& from);
  void store_register(Kind type, const x86::Mem& to, RegisterId from);
  /// Puts the operand's value into some register, which may be a local's home: do not write to it.
  RegisterId to_register(Operand& operand);
  /// The same in a register of its own, that may be written to.
  RegisterId to_own_register(Operand& operand);
  /// A register for a result: the home of the local that the next instruction sets, or an
  /// operand's own, or a new one.
  [[nodiscard]] RegisterId result_register(Kind type, const Operand* reusable = nullptr);
  /// Pushes a result that is in `reg`, or finishes the local.set that result_register() foresaw.
  void push_result(Kind type, RegisterId reg);
  [[nodiscard]] RegisterId foreseen_home(Kind type);
  void materialize_aliases(LocalIndex local);
  void bound_unflushed();

  // Constants in memory, next to the code.
  [[nodiscard]] x86::Mem constant_memory(std::uint64_t low, std::uint64_t high, std::uint32_t size);
  [[nodiscard]] x86::Mem constant32(std::uint32_t bits) {
    const std::uint64_t both = bits | (static_cast<std::uint64_t>(bits) << 32U);
    return constant_memory(both, both, 4);
  }
  [[nodiscard]] x86::Mem constant64(std::uint64_t bits) { return constant_memory(bits, bits, 8); }
  [[nodiscard]] x86::Mem constant128(std::uint64_t low, std::uint64_t high) {
    return constant_memory(low, high, 16);
  }

  // Locals and globals.
  void local_get(LocalIndex local);
  void local_set(LocalIndex local, bool keep);
  void global_get(GlobalIndex index);
  void global_set(GlobalIndex index);
  [[nodiscard]] x86::Mem global_memory(GlobalIndex index);

  // Regions (control.cc).
  void enter_region(std::int32_t region);
  void set_homes(std::int32_t region);
  /// Moves locals from their homes in the current region to those in `to`, an ancestor.
  void leave_to(std::int32_t to);
  [[nodiscard]] bool same_homes(std::int32_t to) const;

  struct JumpTable {
    asmjit::Label label;
    std::vector<asmjit::Label> targets;
  };

  // Control (control.cc, branches.cc).
  [[nodiscard]] TypeSpan param_types(const Control& control) const;
  [[nodiscard]] TypeSpan result_types(const Control& control) const;
  [[nodiscard]] TypeSpan label_types(const Control& control) const;
  Control& label(std::uint32_t depth) { return controls_[controls_.size() - 1 - depth]; }
  void push_control(Opcode op, BlockType type);
  void block(const Instruction& instruction);
  void loop(const Instruction& instruction);
  void begin_if(BlockType type, Condition condition);
  void else_branch();
  void end();
  void end_function();
  void mark_unreachable();
  /// Puts the topmost operands where the label expects them.
  void place_label_values(const Control& target);
  void move_down(std::uint32_t to, std::uint32_t from, std::uint32_t bytes);
  void place_in_arguments(std::size_t first, std::size_t count);
  void push_label_values(const Control& control);
  /// Is the label's one value expected in a register?
  [[nodiscard]] bool label_register(const Control& target, RegisterId& reg) const;
  void leave_for(const Control& target);
  [[nodiscard]] std::int32_t label_region(const Control& target) const noexcept {
    return target.op == Opcode::Loop ? target.inner_region : target.region;
  }
  [[nodiscard]] bool is_function(const Control& target) const noexcept {
    return &target == controls_.data();
  }
  void truncate_stack(std::size_t height);
  void spill_constants(std::size_t from);
  void branch(std::uint32_t depth);
  void branch_if(std::uint32_t depth, Condition condition);
  void branch_table(const Instruction& instruction);
  [[nodiscard]] std::vector<std::uint32_t> fill_jump_table(const Instruction& instruction,
                                                           bool waits, JumpTable& table);
  void jump_through(const JumpTable& table, std::uint32_t last, RegisterId index);
  [[nodiscard]] bool values_in_place(const Control& target, bool waits) const;
  void return_values();
  void jump_if(Condition condition, const asmjit::Label& target);

  // Conditions: what follows a comparison uses the flags if it can.
  void use_flags(Condition condition);
  void select(Condition condition);
  [[nodiscard]] bool rests_on_load() const noexcept;
  void test_zero(Operand& operand);
  void pop_condition();

  // Calls (calls.cc).
  struct Move {
    RegisterId to = no_register;
    Operand from;
  };
  void call(FuncIndex index);
  void call_indirect(const Instruction& instruction, bool tail = false);
  void call_reference(TypeIndex type, bool tail = false);
  void return_call(FuncIndex index);
  void pass_arguments(TypeIndex index);
  void parallel_moves(std::vector<Move>& moves);
  void receive_results(TypeIndex index);
  void save_lost_homes();
  void restore_lost_homes();
  void note_call();
  void emit_direct_call(FuncIndex index, bool tail);
  /// Calls through the VmFunction* in rax.
  void emit_reference_call(bool tail);
  void leave_frame();
  void load_table_entry(const Instruction& instruction);
  /// Calls a runtime service: operands are passed after the context, result in rax.
  void call_builtin(Builtin builtin, std::vector<Operand> arguments);
  [[nodiscard]] static Operand immediate(std::uint64_t bits) {
    Operand operand;
    operand.type = Kind::I64;
    operand.bits = bits;
    return operand;
  }
  void trap_unless_rax();

  // Calls, throws and labels with more than many_values of them (many_values.cc).
  /// Puts all operands into their slots, constants among the topmost `count` too.
  void flush_values(std::size_t count);
  /// Copies a list of values from their slots, the first at `slot`, to VmContext::arguments or
  /// back.
  void pass_values(Builtin builtin, ValueList list, std::uint32_t slot);
  void pass_many_arguments(TypeIndex type);
  void receive_many_results(TypeIndex type);
  void return_many_values();
  void take_many_caught(TypeIndex type, bool with_reference, std::uint32_t slot);

  // Integers (integer.cc). `type` is that of the operands, I32 or I64; integer_eqz takes Ref, too.
  struct Division {
    Kind type;
    bool is_signed;
    bool remainder;
  };
  /// The lower `bytes` of a number as a number of type `to`.
  struct Extension {
    std::uint32_t bytes;
    Kind to;
    bool is_signed;
  };
  void integer_add(Kind type);
  void integer_arithmetic(x86::Inst::Id id, Kind type);
  void integer_shift(x86::Inst::Id id, Kind type);
  void integer_divide(const Division& division);
  void load_dividend(const Operand& dividend);
  void divide_by_minus_one(const Division& division, const asmjit::Label& done);
  void divide_by_constant(const Division& division, const Operand& left, std::uint64_t divisor);
  void integer_unary(x86::Inst::Id id, Kind type);
  void integer_compare(Condition condition, Kind type);
  void integer_eqz(Kind type);
  void integer_extend(const Extension& extension);
  void emit_compare(Operand& left, Operand& right, bool wide, Condition& condition);
  bool fuse_shifted_add(const Instruction& instruction);

  // Floating point (floating.cc, conversion.cc). `type` is F32 or F64, that of the operands.
  /// Immediates of vround: the direction, and no inexact exception.
  enum class Rounding : std::uint8_t { ToNearest = 8, Down = 9, Up = 10, ToZero = 11 };
  /// Between an integer, whose sign it is about, and floating point.
  struct Conversion {
    Kind from;
    Kind to;
    bool is_signed;
    bool saturates = false;
  };
  void float_arithmetic(x86::Inst::Id id, Kind type);
  void float_min_max(x86::Inst::Id id, Kind type);
  void float_copysign(Kind type);
  void float_sign(x86::Inst::Id id, Kind type);
  void float_round(Rounding rounding, Kind type);
  void float_sqrt(Kind type);
  void float_compare(Condition condition, Kind type);
  void convert_float(Kind to);
  void convert_integer(const Conversion& conversion);
  void truncate(const Conversion& conversion);
  void emit_truncate(const Conversion& conversion, const x86::Gp& to, const x86::Xmm& from);
  void truncate_special(const Conversion& conversion, RegisterId reg, const x86::Xmm& source,
                        const asmjit::Label& done);
  void reinterpret(Kind from, Kind to);
  /// An operand for an instruction that takes xmm or memory of `size` bytes.
  [[nodiscard]] asmjit::Operand vector_or_memory(Operand& operand, std::uint32_t size);

  // Memory (memory.cc).
  struct Address {
    x86::Mem memory;
    RegisterId held = no_register;  ///< to be released after the access
    RegisterId held2 = no_register;
  };
  [[nodiscard]] Address address(const Instruction& instruction, std::uint32_t size);
  [[nodiscard]] Address guarded_address(const Instruction& instruction, Operand& index);
  [[nodiscard]] Address compared_address(const Instruction& instruction, Operand& index,
                                         std::uint32_t size);
  /// Is that access known to end in the memory or the guard behind it?
  [[nodiscard]] bool needs_no_comparison(const Instruction& instruction, RegisterId index,
                                         LocalIndex local, std::uint64_t end) const;
  void compare_index(x86::Gp base, const Instruction& instruction, RegisterId index,
                     LocalIndex local, std::uint64_t end);
  [[nodiscard]] RegisterId compare_end(x86::Gp base, RegisterId index, std::uint64_t end);
  [[nodiscard]] Address checked_address(const Instruction& instruction, Operand& index,
                                        std::uint32_t size);
  void release(const Address& address);
  /// The bytes that a load or store accesses.
  [[nodiscard]] static std::uint32_t access_size(Opcode op) noexcept {
    return 1U << info(op).alignment;
  }
  void memory_load(const Instruction& instruction, Kind type, bool is_signed = false);
  void memory_store(const Instruction& instruction);
  void store_value(std::uint32_t size, const Operand& value, const x86::Mem& to);
  void memory_size(MemoryIndex memory);
  void memory_grow(MemoryIndex memory);
  void bulk(Builtin builtin, std::uint64_t which);
  [[nodiscard]] x86::Mem memory_base(MemoryIndex memory);
  /// The memory's base in a register: memory 0's own, or scratch.
  [[nodiscard]] x86::Gp base_of(MemoryIndex memory);

  // References and tables (reference.cc).
  void reference_to(FuncIndex function);
  void trap_on_null();
  void branch_on_null(std::uint32_t depth);
  void branch_on_non_null(std::uint32_t depth);
  [[nodiscard]] Kind index_type(TableIndex table) const;
  void table_size(TableIndex table);
  void table_get(TableIndex table);
  void table_set(TableIndex table);
  void table_grow(TableIndex table);
  void throw_tag(TagIndex tag);
  void throw_reference();
  void resume_after_throw();
  void try_table(const Instruction& instruction);
  [[nodiscard]] std::int32_t open_try_region();
  void landing_pad(const CatchClause& clause, const Control& target, bool function,
                   Handler& handler);

  // The earlier form of exceptions (legacy_exceptions.cc).
  void begin_try(const Instruction& instruction);
  void catch_clause(const Instruction& instruction);
  void delegate(std::uint32_t depth);
  void rethrow(std::uint32_t depth);
  void receive_caught(const std::vector<ValueType>& values, TypeIndex type, std::uint32_t slot);
  void raise_reference();

  // What the vector instructions share, and those that are one of the machine (vector_operands.cc).
  void vector_simple(Opcode op);
  void emit_vector(const VectorRule& rule, RegisterId to, RegisterId first,
                   const asmjit::Operand& last);
  [[nodiscard]] RegisterId vector_result(const Operand& first, const Operand& second);
  /// Releases operands and pushes the result, which may be in the register of one of them.
  void push_vector(RegisterId reg, std::initializer_list<const Operand*> operands);
  /// Can the next instruction take its last operand from memory?
  [[nodiscard]] bool next_takes_memory() const;
  void fold_into_next(const x86::Mem& memory, bool may_fault);
  void vector_constant(std::uint64_t low, std::uint64_t high);
  [[nodiscard]] x86::Mem constant_lanes(std::uint64_t lanes) { return constant128(lanes, lanes); }

  // Vectors in memory (vector_memory.cc).
  void vector_load(const Instruction& instruction, x86::Inst::Id id);
  void vector_store(const Instruction& instruction);
  void vector_load_lane(const Instruction& instruction, x86::Inst::Id insert);
  void vector_store_lane(const Instruction& instruction, x86::Inst::Id extract);

  // Lanes (vector_lanes.cc, vector_shuffle.cc).
  void vector_constant(const Instruction& instruction);
  void splat(Kind from, std::uint32_t size);
  [[nodiscard]] x86::Mem lane_memory(const Operand& vector, std::uint32_t lane,
                                     std::uint32_t size) const;
  void extract_narrow(std::uint32_t lane, std::uint32_t size, bool is_signed);
  void extract_integer(std::uint32_t lane, Kind type);
  void extract_float(std::uint32_t lane, Kind type);
  void replace_integer(x86::Inst::Id insert, std::uint32_t lane, std::uint32_t size);
  void replace_float(std::uint32_t lane, Kind type);
  void swizzle();
  void swizzle_by(std::uint64_t low, std::uint64_t high);
  void shuffle(const Instruction& instruction);
  void shuffle_with_zero(const Instruction& instruction);
  void shuffle_bytes(const std::array<std::uint8_t, 16>& lanes);
  void emit_shuffle(const ShufflePlan& plan, Operand& left, Operand& right);

  // Integers (vector_integer.cc, vector_shift.cc, vector_widen.cc).
  void vector_compare(Opcode op);
  /// The bytes of the topmost operand's lanes if they are known to be all ones or zeros, else 0.
  [[nodiscard]] std::uint32_t mask_on_top() const;
  void vector_not();
  void bitselect();
  void any_true();
  void all_true(x86::Inst::Id equal, std::uint32_t size);
  void bitmask(Opcode op);
  void vector_negate(x86::Inst::Id subtract);
  void vector_abs64();
  void vector_popcnt();
  void vector_mul64();
  void q15mulr();
  void vector_shift(Opcode op);
  void load_shift_count(const Operand& count, std::uint32_t width);
  // Without `by` the count is in vector_scratch.
  void shift_bytes(const x86::Xmm& to, const x86::Xmm& from, std::uint32_t by, x86::Inst::Id id);
  void shift_bytes(const x86::Xmm& to, const x86::Xmm& from, x86::Inst::Id id);
  void shift_bytes_signed(const x86::Xmm& to, const x86::Xmm& from, std::uint32_t by);
  void shift_bytes_signed(const x86::Xmm& to, const x86::Xmm& from);
  void shift_quads_signed(const x86::Xmm& to, const x86::Xmm& from, std::uint32_t by);
  void shift_quads_signed(const x86::Xmm& to, const x86::Xmm& from);
  void extend_high(std::uint32_t size, bool is_signed);
  void multiply_low_bytes(x86::Inst::Id extend);
  void multiply_high_bytes(bool is_signed);
  void multiply_words(bool is_signed, bool high);
  void multiply_dwords(bool is_signed, bool high);
  void add_pairs(Opcode op);

  // Floating point (vector_float.cc, vector_relaxed.cc).
  void vector_sign(x86::Inst::Id id, Kind type);
  void vector_min_max(x86::Inst::Id id, Kind type);
  void truncate_floats_signed();
  void truncate_floats_unsigned();
  void truncate_doubles_signed();
  void truncate_doubles_unsigned();
  void convert_unsigned_to_floats();
  void convert_unsigned_to_doubles();
  void multiply_add(x86::Inst::Id multiply, x86::Inst::Id add);
  void dot_bytes(bool adds);

  [[nodiscard]] const Module& module() const noexcept { return *environment_->module; }
  [[nodiscard]] const Instruction& next(std::size_t distance = 1) const noexcept {
    return analysis_.instructions[at_ + distance];
  }

  AssemblerErrors errors_;
  asmjit::CodeHolder code_;
  x86::Assembler a_;
  Analysis analysis_;

  // Of the function being compiled.
  const CompileEnvironment* environment_ = nullptr;
  const FuncType* type_ = nullptr;
  FunctionCode* out_ = nullptr;
  FuncIndex function_ = 0;
  std::size_t at_ = 0;             ///< index of the instruction being compiled
  std::uint32_t wasm_offset_ = 0;  ///< its place in the file
  std::size_t loops_seen_ = 0;
  std::vector<std::size_t> frame_patches_;  ///< 32-bit places that want the frame's size
  std::size_t check_patch_ = 0;             ///< one that wants its negative, or 0

  // The frame, from rsp upwards: context, kept registers, locals, operands.
  std::uint32_t kept_offset_ = 0;
  std::uint32_t zeroed_offset_ = 0;  ///< of the locals that are no parameters
  std::uint32_t operands_offset_ = 0;
  std::uint32_t operands_end_ = 0;
  std::vector<std::uint32_t> local_offsets_;

  std::vector<Operand> stack_;
  std::size_t flushed_ = 0;                ///< operands below are constants or in their slots
  std::array<std::uint32_t, 32> owner_{};  ///< position on the stack of what is in a register
  RegisterSet free_;
  RegisterSet general_;  ///< general registers that this function may use: not those kept unsaved
  std::vector<Control> controls_;
  std::int32_t region_ = 0;
  std::int32_t try_region_ = -1;
  std::vector<RegisterId> homes_;           ///< of each local, in the current region
  std::vector<std::uint32_t> alias_count_;  ///< operands that are in Place::Local, by local

  ComparedLocals compared_;  ///< under Bounds::Checks

  std::vector<JumpTable> jump_tables_;
  std::uint32_t skipped_blocks_ = 0;  ///< open blocks within unreachable code
  struct TrapStub {
    asmjit::Label label;
    CodeSite::Kind site;
    TrapKind kind;
    std::uint32_t wasm;
  };
  std::vector<TrapStub> trap_stubs_;
  struct Deferred {
    std::function<void()> code;
    std::uint32_t wasm;
    std::int32_t try_region;
  };
  std::vector<Deferred> deferred_;
  struct Constant {
    std::uint64_t low;
    std::uint64_t high;
    asmjit::Label label;
  };
  std::vector<Constant> constants_;
  std::vector<Move> moves_;
  bool too_large_ = false;
};

}  // namespace merlon::wasm::baseline
