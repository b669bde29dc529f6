#include "merlon/wasm/baseline/compared_locals.h"

#include <algorithm>
#include <array>

namespace merlon::wasm::baseline {

namespace {

constexpr auto openings =
    std::array{Opcode::Block, Opcode::Loop, Opcode::If, Opcode::Try, Opcode::TryTable};
constexpr auto further_ways_in = std::array{Opcode::Else, Opcode::Catch, Opcode::CatchAll};
constexpr auto ends = std::array{Opcode::End, Opcode::Delegate};

bool is_one_of(Opcode op, std::span<const Opcode> which) {
  return std::ranges::find(which, op) != which.end();
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

void ComparedLocals::learn(LocalIndex local, std::uint32_t behind, std::uint32_t from) {
  known_[local] = {from, behind};
  learnt_.push_back(local);
}

/// A sum that wraps around is small, and so is below the bound all the more.
void ComparedLocals::set(LocalIndex local, std::uint32_t at) {
  const Sum sum = sum_before(at);
  if (sum.local == no_local || !covers(sum.local, sum.constant)) {
    known_[local].behind = Known::nothing;
    return;
  }
  learn(local, known_[sum.local].behind + static_cast<std::uint32_t>(sum.constant), at + 1);
}

/// A loop's next turn may come with another value, if the local is set anywhere below.
bool ComparedLocals::knows(LocalIndex local) const noexcept {
  const Known& known = known_[local];
  if (known.behind == Known::nothing) return false;
  return known.from > newest_loop_ || last_set_[local] < known.from;
}

bool ComparedLocals::covers(LocalIndex local, std::uint64_t end) const noexcept {
  return knows(local) && end <= small_guard - known_[local].behind;
}

bool ComparedLocals::covers_sum(std::size_t at, std::uint64_t end) const noexcept {
  const Sum sum = sum_before(at);
  return sum.local != no_local && end <= small_guard && covers(sum.local, sum.constant + end);
}

ComparedLocals::Sum ComparedLocals::sum_before(std::size_t at) const noexcept {
  if (at >= 1 && instructions_[at - 1].op == Opcode::LocalGet) {
    return {instructions_[at - 1].low(), 0};
  }
  if (at < 3 || instructions_[at - 1].op != Opcode::I32Add) return {};
  const Instruction& constant = instructions_[at - 2];
  const Instruction& get = instructions_[at - 3];
  if (constant.op != Opcode::I32Const || get.op != Opcode::LocalGet) return {};
  return {get.low(), static_cast<std::uint32_t>(constant.value)};
}

}  // namespace merlon::wasm::baseline
