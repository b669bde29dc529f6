#include "merlon/wasm/baseline/compared_locals.h"

#include <algorithm>
#include <array>

namespace merlon::wasm::baseline {

namespace {

constexpr auto openings =
    std::array{Opcode::Block, Opcode::Loop, Opcode::If, Opcode::Try, Opcode::TryTable};
constexpr auto further_ways_in = std::array{Opcode::Else, Opcode::Catch, Opcode::CatchAll};
constexpr auto ends = std::array{Opcode::End, Opcode::Delegate};

constexpr auto quiet = std::array{Opcode::Drop,     Opcode::Select,   Opcode::LocalGet,
                                  Opcode::LocalSet, Opcode::LocalTee, Opcode::GlobalGet};
constexpr auto numbers_that_trap = std::array{
    Opcode::I32DivS,      Opcode::I32DivU,      Opcode::I32RemS,      Opcode::I32RemU,
    Opcode::I64DivS,      Opcode::I64DivU,      Opcode::I64RemS,      Opcode::I64RemU,
    Opcode::I32TruncF32S, Opcode::I32TruncF32U, Opcode::I32TruncF64S, Opcode::I32TruncF64U,
    Opcode::I64TruncF32S, Opcode::I64TruncF32U, Opcode::I64TruncF64S, Opcode::I64TruncF64U};

/// How far the loads of a row are looked for.
constexpr std::size_t longest_row = 64;

bool is_one_of(Opcode op, std::span<const Opcode> which) {
  return std::ranges::find(which, op) != which.end();
}

/// Loads take nothing else; with threads there are some that want it aligned.
bool is_load(Opcode op) {
  return info(op).signature.starts_with("a:") && info(op).feature != Feature::Threads;
}

/// Goes on to the next instruction with nothing changed outside of the function, or traps as an
/// access outside of a memory does.
bool is_quiet(Opcode op) {
  if (is_one_of(op, quiet) || is_load(op)) return true;
  const std::string_view signature = info(op).signature;
  const bool is_number = signature != "*" && signature != ":" && signature.front() != 'a';
  return is_number && !is_one_of(op, numbers_that_trap);
}

}  // namespace

void ComparedLocals::start(std::span<const Instruction> instructions, std::size_t locals) {
  instructions_ = instructions;
  known_.assign(locals, Known{});
  last_set_.assign(locals, 0);
  learnt_.clear();
  blocks_.clear();
  followed_ = 0;
  newest_loop_ = 0;
  for (std::uint32_t at = 0; at < instructions.size(); ++at) {
    const Opcode op = instructions[at].op;
    if (op == Opcode::LocalSet || op == Opcode::LocalTee) last_set_[instructions[at].low()] = at;
  }
}

void ComparedLocals::follow(std::size_t at) {
  for (; followed_ <= at; ++followed_) {
    const Opcode op = instructions_[followed_].op;
    if (op == Opcode::LocalSet || op == Opcode::LocalTee) {
      set(instructions_[followed_].low(), followed_);
    } else if (is_one_of(op, openings)) {
      if (op == Opcode::Loop) newest_loop_ = followed_;
      blocks_.push_back(learnt_.size());
    } else if (blocks_.empty()) {
      continue;  // the end of the function, if it is one
    } else if (is_one_of(op, further_ways_in)) {
      forget_since(blocks_.back());
    } else if (is_one_of(op, ends)) {
      forget_since(blocks_.back());
      blocks_.pop_back();
    }
  }
}

/// Whoever reaches the end of a block came in by its start: what was known there holds unless a
/// local was set since, and what was learnt within may have been passed by.
void ComparedLocals::forget_since(std::size_t mark) {
  for (; learnt_.size() > mark; learnt_.pop_back()) known_[learnt_.back()].behind = Known::nothing;
}

void ComparedLocals::learn(LocalIndex local, const Known& known) {
  known_[local] = known;
  learnt_.push_back(local);
}

/// What is known of the local itself is worth more than of a place far behind it.
void ComparedLocals::add(Sum sum) {
  if (sum.constant != 0 && knows(sum.local)) return;
  learn(sum.local, {.from = followed_, .first = sum.constant, .behind = 0});
}

/// A sum that wraps around is small, and so is below the bound all the more.
void ComparedLocals::set(LocalIndex local, std::uint32_t at) {
  const Sum sum = sum_before(at);
  if (sum.local == no_local || !covers(sum, 0)) {
    known_[local].behind = Known::nothing;
    return;
  }
  const Known& known = known_[sum.local];
  const std::uint32_t behind = known.behind + (sum.constant - known.first);
  learn(local, {.from = at + 1, .first = 0, .behind = behind});
}

/// A loop's next turn may come with another value, if the local is set anywhere below.
bool ComparedLocals::knows(LocalIndex local) const noexcept {
  const Known& known = known_[local];
  if (known.behind == Known::nothing) return false;
  return known.from > newest_loop_ || last_set_[local] < known.from;
}

bool ComparedLocals::covers(Sum sum, std::uint64_t end) const noexcept {
  const Known& known = known_[sum.local];
  const std::uint32_t further = sum.constant - known.first;  // modulo 2^32, as the sum is
  return knows(sum.local) && end <= small_guard &&
         std::uint64_t{known.behind} + further + end <= small_guard;
}

bool ComparedLocals::covers(LocalIndex local, std::uint64_t end) const noexcept {
  return covers(Sum{local, 0}, end);
}

bool ComparedLocals::covers_sum(std::size_t at, std::uint64_t end) const noexcept {
  const Sum sum = sum_before(at);
  return sum.local != no_local && covers(sum, end);
}

ComparedLocals::Row ComparedLocals::row_of(std::size_t at, std::uint64_t end) const noexcept {
  const Sum first = sum_before(at);
  if (first.local == no_local) return {};
  std::uint32_t deepest = 0;
  const std::size_t last = std::min(instructions_.size(), at + longest_row);
  for (std::size_t next = at + 1; next < last; ++next) {
    const Instruction& instruction = instructions_[next];
    const bool sets = instruction.op == Opcode::LocalSet || instruction.op == Opcode::LocalTee;
    if (!is_quiet(instruction.op) || (sets && instruction.low() == first.local)) break;
    if (!is_load(instruction.op) || instruction.memory != 0) continue;
    const Sum sum = sum_before(next);
    const std::uint32_t below = first.constant - sum.constant;
    if (sum.local == first.local && below + end <= small_guard) deepest = std::max(deepest, below);
  }
  return {.lowest = {first.local, first.constant - deepest}, .below = deepest};
}

ComparedLocals::Sum ComparedLocals::sum_before(std::size_t at) const noexcept {
  const auto leaves_local = [this](std::size_t which) {
    const Opcode op = instructions_[which].op;
    return op == Opcode::LocalGet || op == Opcode::LocalTee;
  };
  if (at >= 1 && leaves_local(at - 1)) return {instructions_[at - 1].low(), 0};
  if (at < 3 || instructions_[at - 1].op != Opcode::I32Add) return {};
  const Instruction& constant = instructions_[at - 2];
  if (constant.op != Opcode::I32Const || !leaves_local(at - 3)) return {};
  return {instructions_[at - 3].low(), static_cast<std::uint32_t>(constant.value)};
}

}  // namespace merlon::wasm::baseline
