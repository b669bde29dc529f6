#pragma once

// The first look at a function: its instructions taken off the bytes, and which locals are worth
// a register where. The second look, FunctionCompiler, emits code in one pass.
//
// A *region* is the function or one of its loops. In a region the busiest locals live in
// registers of their own ("homes"); at a loop's entry and exits they are moved over. So values
// stay in registers around a loop, with no need of a data-flow analysis.

#include <optional>
#include <vector>

#include "merlon/core/result.h"
#include "merlon/wasm/baseline/registers.h"
#include "merlon/wasm/binary/instruction.h"

namespace merlon::wasm::baseline {

inline constexpr LocalIndex no_local = 0xffff'ffff;

/// How often a local is used in a region; uses in inner loops count more.
struct LocalUse {
  LocalIndex local = 0;
  std::uint32_t weight = 0;
};

struct Region {
  std::int32_t parent = -1;
  std::uint32_t begin = 0;  ///< indices of instructions
  std::uint32_t end = 0;
  std::uint32_t calls = 0;     ///< weighted as uses are
  std::vector<LocalUse> uses;  ///< busiest first, not all of them
  /// The home of a local in this region, by register.
  std::array<LocalIndex, 32> homes{};
};

class Analysis {
 public:
  /// Reads a validated body. Buffers are kept between calls.
  void run(const Module& module, const FuncType& type, const FunctionBody& body);

  std::vector<Instruction> instructions;  ///< local.get, .set and .tee name an entry of `locals`
  /// The locals that instructions use, in order of their first use: what is only declared costs
  /// nothing, neither here nor in the frame. Or all of them, if they are few.
  std::vector<ValueType> locals;
  /// All of `locals` in the order of the wasm. Their places in the frame follow it: what a compiler
  /// numbered side by side it uses together.
  std::vector<LocalIndex> by_declaration;
  std::vector<Region> regions;             ///< the function first, then loops in order
  std::vector<std::int32_t> loop_regions;  ///< for each loop in order: its region
  std::vector<std::uint32_t> first_use;    ///< of each local, index of instruction
  std::vector<std::uint32_t> last_use;
  std::vector<bool> needs_zero;  ///< may be read before it is written
  RegisterSet kept_used;         ///< registers that the prologue must save
  bool has_calls = false;
  bool has_loops = false;
  bool has_try = false;
  bool calls_out = false;  ///< may call into another context

  /// The position of the parameter that the local is, or nothing.
  [[nodiscard]] std::optional<std::uint32_t> parameter(LocalIndex local) const noexcept {
    if (declared_[local] >= params_) return std::nullopt;
    return declared_[local];
  }
  /// The register in which that parameter arrives; no_register if it comes in memory.
  [[nodiscard]] RegisterId arrival(std::uint32_t position) const noexcept {
    return position < arrivals_.size() ? arrivals_[position] : no_register;
  }

  /// Is the local's value wanted only inside of the region?
  [[nodiscard]] bool dies_in(const Region& region, LocalIndex local) const noexcept {
    const bool inside = first_use[local] >= region.begin && last_use[local] <= region.end;
    if (inside) return !needs_zero[local] || region.parent == 0;
    return last_use[local] <= region.end && region.parent == 0;
  }
  /// Is the local without a value when the region is entered? Parameters never are, also where
  /// the function starts with a loop.
  [[nodiscard]] bool born_in(const Region& region, LocalIndex local) const noexcept {
    return !parameter(local) && first_use[local] >= region.begin && !needs_zero[local];
  }

 private:
  struct Block {
    Opcode op;
    std::uint32_t set_height;
    std::int32_t region;  ///< region that a Loop opened, or -1
    std::uint32_t events;
    std::uint32_t calls;
  };
  struct Event {
    LocalIndex local;
    std::uint32_t weight;
  };

  /// Declared locals of one type; `end` is the index behind them.
  struct LocalGroup {
    std::uint32_t end;
    ValueType type;
  };

  void reset(const FuncType& type, const Module& module, Cursor& cursor);
  void read_locals(const FuncType& type, const Module& module, Cursor& cursor);
  void place_arrivals(const FuncType& type);
  void look_at(const Instruction& instruction, std::uint32_t index);
  [[nodiscard]] LocalIndex used(LocalIndex declared) {
    const LocalIndex number = number_[declared];
    return number != no_local ? number : add_local(declared);
  }
  LocalIndex add_local(LocalIndex declared);
  void add_all_locals(std::uint32_t count);
  void use(LocalIndex local, std::uint32_t index);
  void open(Opcode op, std::uint32_t index);
  void close(std::uint32_t index);
  void forget_sets(std::uint32_t height);
  void aggregate(Region& region, std::uint32_t events, std::uint32_t calls);
  void assign_homes();
  void assign_homes(Region& region);
  void inherit_homes(Region& region);
  [[nodiscard]] RegisterId find_home(const Region& region, const LocalUse& use) const;
  [[nodiscard]] std::uint32_t weight_in(const Region& region, LocalIndex local) const;

  std::vector<Block> blocks_;
  std::vector<Event> events_;
  std::vector<std::uint32_t> weights_;  ///< scratch, by local
  std::vector<LocalIndex> touched_;     ///< scratch
  std::vector<bool> set_;               ///< written on every path to here
  std::vector<LocalIndex> set_stack_;
  std::vector<LocalGroup> groups_;
  std::vector<LocalIndex> number_;    ///< of declared locals, in `locals`; or no_local
  std::vector<LocalIndex> declared_;  ///< of `locals`: the index in the wasm
  std::vector<RegisterId> arrivals_;  ///< of the first parameters, as long as there are registers
  const FuncType* type_ = nullptr;
  std::uint32_t params_ = 0;
  std::int32_t region_ = 0;  ///< of the innermost loop that has one
  std::uint32_t calls_ = 0;
  std::uint32_t loop_depth_ = 0;
  std::uint32_t imported_ = 0;
};

}  // namespace merlon::wasm::baseline
