#include "merlon/wasm/baseline/analysis.h"

#include <algorithm>
#include <numeric>

namespace merlon::wasm::baseline {

namespace {

constexpr std::uint32_t never = 0xffff'ffff;
constexpr std::uint32_t loop_factor = 8;
constexpr std::uint32_t weight_limit = 1U << 24U;
/// Uses kept of a region, so that deep nesting cannot make this more than linear.
constexpr std::size_t kept_uses = 40;
/// Deeper loops share their parent's region.
constexpr std::uint32_t max_loop_depth = 24;
constexpr std::size_t max_regions = 4096;
constexpr std::uint32_t few_locals = 64;

bool is_call(Opcode op) noexcept {
  return op == Opcode::Call || op == Opcode::CallIndirect || op == Opcode::CallRef ||
         op == Opcode::MemoryGrow || op == Opcode::MemoryCopy || op == Opcode::MemoryFill ||
         op == Opcode::MemoryInit || op == Opcode::DataDrop || op == Opcode::TableGet ||
         op == Opcode::TableSet || op == Opcode::TableGrow || op == Opcode::TableFill ||
         op == Opcode::TableCopy || op == Opcode::TableInit || op == Opcode::ElemDrop ||
         op == Opcode::RefFunc || op == Opcode::Throw || op == Opcode::ThrowRef ||
         op == Opcode::Rethrow;
}

bool in_vector(ValueType type) noexcept { return type.is_float() || type.is_vector(); }

}  // namespace

void Analysis::run(const Module& module, const FuncType& type, const FunctionBody& body) {
  Cursor cursor(body.code, body.offset);
  reset(type, module, cursor);
  while (!cursor.at_end()) {
    const auto index = static_cast<std::uint32_t>(instructions.size());
    read_instruction(cursor, module, instructions.emplace_back());
    look_at(instructions.back(), index);
  }
  MERLON_CHECK(cursor.ok());  // validated before
  regions.front().end = static_cast<std::uint32_t>(instructions.size());
  aggregate(regions.front(), 0, 0);
  assign_homes();
  by_declaration.resize(locals.size());
  std::iota(by_declaration.begin(), by_declaration.end(), LocalIndex{0});
  if (std::is_sorted(declared_.begin(), declared_.end())) return;
  std::sort(by_declaration.begin(), by_declaration.end(),
            [this](LocalIndex a, LocalIndex b) { return declared_[a] < declared_[b]; });
}

void Analysis::reset(const FuncType& type, const Module& module, Cursor& cursor) {
  instructions.clear();
  regions.clear();
  loop_regions.clear();
  blocks_.clear();
  events_.clear();
  set_stack_.clear();
  calls_ = 0;
  loop_depth_ = 0;
  has_calls = has_loops = has_try = calls_out = false;
  imported_ = module.imported_functions;
  region_ = 0;
  read_locals(type, module, cursor);
  place_arrivals(type);
  regions.emplace_back();
}

void Analysis::read_locals(const FuncType& type, const Module& module, Cursor& cursor) {
  for (const LocalIndex local : declared_) number_[local] = no_local;
  declared_.clear();
  locals.clear();
  first_use.clear();
  last_use.clear();
  needs_zero.clear();
  set_.clear();
  weights_.clear();
  groups_.clear();
  type_ = &type;
  params_ = static_cast<std::uint32_t>(type.params.size());
  std::uint32_t end = params_;
  for (std::uint32_t groups = cursor.u32(); groups > 0; --groups) {
    end += cursor.u32();
    groups_.push_back({end, read_value_type(cursor, module)});
  }
  if (number_.size() < end) number_.resize(end, no_local);
  if (end <= few_locals) add_all_locals(end);
}

/// So few that all of them cost less than looking for those that are used.
void Analysis::add_all_locals(std::uint32_t count) {
  locals = type_->params;
  for (const LocalGroup& group : groups_) locals.resize(group.end, group.type);
  declared_.resize(count);
  std::iota(declared_.begin(), declared_.end(), LocalIndex{0});
  std::copy(declared_.begin(), declared_.end(), number_.begin());
  first_use.assign(count, never);
  last_use.assign(count, 0);
  needs_zero.assign(count, false);
  set_.assign(count, false);
  weights_.assign(count, 0);
  for (LocalIndex param = 0; param < params_; ++param) {
    first_use[param] = 0;
    set_[param] = true;
  }
}

void Analysis::place_arrivals(const FuncType& type) {
  arrivals_.clear();
  std::size_t general = 0;
  std::size_t vector = 0;
  for (const ValueType param : type.params) {
    RegisterId reg = no_register;
    if (in_vector(param)) {
      if (vector < argument_vector.size()) reg = argument_vector[vector++];
    } else if (general < argument_general.size()) {
      reg = argument_general[general++];
    }
    arrivals_.push_back(reg);
    if (general == argument_general.size() && vector == argument_vector.size()) break;
  }
}

/// The first use of a declared local.
LocalIndex Analysis::add_local(LocalIndex declared) {
  LocalIndex& number = number_[declared];
  number = static_cast<LocalIndex>(locals.size());
  const bool is_param = declared < params_;
  if (is_param) {
    locals.push_back(type_->params[declared]);
  } else {
    locals.push_back(std::ranges::upper_bound(groups_, declared, {}, &LocalGroup::end)->type);
  }
  declared_.push_back(declared);
  first_use.push_back(is_param ? 0 : never);
  last_use.push_back(0);
  needs_zero.push_back(false);
  set_.push_back(is_param);
  weights_.push_back(0);
  return number;
}

void Analysis::use(LocalIndex local, std::uint32_t index) {
  if (first_use[local] == never) first_use[local] = index;
  last_use[local] = index;
  events_.push_back({local, 1});
}

void Analysis::look_at(const Instruction& instruction, std::uint32_t index) {
  const Opcode op = instruction.op;
  if (op == Opcode::LocalGet) {
    const LocalIndex local = used(instruction.low());
    instructions[index].value = local;
    if (!set_[local]) needs_zero[local] = true;
    use(local, index);
  } else if (op == Opcode::LocalSet || op == Opcode::LocalTee) {
    const LocalIndex local = used(instruction.low());
    instructions[index].value = local;
    if (!set_[local]) {
      set_[local] = true;
      set_stack_.push_back(local);
    }
    use(local, index);
  } else if (op == Opcode::Block || op == Opcode::Loop || op == Opcode::If ||
             op == Opcode::TryTable || op == Opcode::Try) {
    open(op, index);
  } else if (op == Opcode::Else || op == Opcode::Catch || op == Opcode::CatchAll) {
    forget_sets(blocks_.back().set_height);
  } else if (op == Opcode::End || op == Opcode::Delegate) {
    if (!blocks_.empty()) close(index);
  } else if (is_call(op)) {
    has_calls = true;
    ++calls_;
    calls_out |= op == Opcode::CallIndirect || op == Opcode::CallRef ||
                 (op == Opcode::Call && instruction.low() < imported_);
  } else if (op == Opcode::ReturnCall || op == Opcode::ReturnCallIndirect ||
             op == Opcode::ReturnCallRef) {
    has_calls = calls_out = true;
  }
}

void Analysis::open(Opcode op, std::uint32_t index) {
  Block block{op, static_cast<std::uint32_t>(set_stack_.size()), -1, 0, 0};
  has_try |= op == Opcode::TryTable || op == Opcode::Try;
  if (op == Opcode::Loop) {
    has_loops = true;
    ++loop_depth_;
    if (loop_depth_ <= max_loop_depth && regions.size() < max_regions) {
      block.region = static_cast<std::int32_t>(regions.size());
      block.events = static_cast<std::uint32_t>(events_.size());
      block.calls = calls_;
      calls_ = 0;
      Region& region = regions.emplace_back();
      region.parent = region_;
      region.begin = index;
      region_ = block.region;
    }
    loop_regions.push_back(block.region);
  }
  blocks_.push_back(block);
}

void Analysis::close(std::uint32_t index) {
  const Block block = blocks_.back();
  blocks_.pop_back();
  forget_sets(block.set_height);
  if (block.op == Opcode::Loop) --loop_depth_;
  if (block.region < 0) return;
  Region& region = regions[static_cast<std::size_t>(block.region)];
  region.end = index;
  region_ = region.parent;
  aggregate(region, block.events, block.calls);
}

void Analysis::forget_sets(std::uint32_t height) {
  while (set_stack_.size() > height) {
    set_[set_stack_.back()] = false;
    set_stack_.pop_back();
  }
}

void Analysis::aggregate(Region& region, std::uint32_t events, std::uint32_t calls) {
  touched_.clear();
  for (std::size_t i = events; i < events_.size(); ++i) {
    std::uint32_t& weight = weights_[events_[i].local];
    if (weight == 0) touched_.push_back(events_[i].local);
    weight = std::min(weight + events_[i].weight, weight_limit);
  }
  events_.resize(events);
  region.uses.clear();
  for (const LocalIndex local : touched_) {
    region.uses.push_back({local, weights_[local]});
    weights_[local] = 0;
  }
  const auto busier = [this](const LocalUse& a, const LocalUse& b) {
    return a.weight != b.weight ? a.weight > b.weight : declared_[a.local] < declared_[b.local];
  };
  if (region.uses.size() > kept_uses) {
    std::ranges::nth_element(region.uses, region.uses.begin() + kept_uses, busier);
    region.uses.resize(kept_uses);
  }
  std::ranges::sort(region.uses, busier);
  for (const LocalUse& use : region.uses) {
    events_.push_back({use.local, std::min(use.weight * loop_factor, weight_limit)});
  }
  region.calls = calls_;
  calls_ = std::min(calls + calls_ * loop_factor, weight_limit);
}

std::uint32_t Analysis::weight_in(const Region& region, LocalIndex local) const {
  for (const LocalUse& use : region.uses) {
    if (use.local == local) return use.weight;
  }
  return 0;
}

void Analysis::assign_homes() {
  kept_used = {};
  for (Region& region : regions) {
    region.homes.fill(no_local);
    // A handler's landing pad finds locals in memory only.
    if (!has_try) assign_homes(region);
  }
}

void Analysis::inherit_homes(Region& region) {
  if (region.parent < 0) return;
  const Region& parent = regions[static_cast<std::size_t>(region.parent)];
  for (RegisterId id = 0; id < 32; ++id) {
    const LocalIndex local = parent.homes[id];
    if (local == no_local) continue;
    // Saving it around each call would cost more than having it in memory here.
    const bool lost = !kept_in_calls.contains(id);
    if (lost && region.calls != 0 && weight_in(region, local) <= 2 * region.calls) continue;
    region.homes[id] = local;
  }
}

RegisterId Analysis::find_home(const Region& region, const LocalUse& use) const {
  RegisterId victim = no_register;
  std::uint32_t victim_weight = use.weight;
  const auto consider = [&](RegisterId id) {
    if (region.homes[id] == no_local) return true;
    const std::uint32_t weight = weight_in(region, region.homes[id]);
    if (weight < victim_weight && weight + 2 < use.weight) {
      victim = id;
      victim_weight = weight;
    }
    return false;
  };
  const bool worth_losing = use.weight > 2 * region.calls;
  if (in_vector(locals[use.local])) {
    if (!worth_losing) return no_register;
    for (const RegisterId id : homes_vector) {
      if (consider(id)) return id;
    }
    return victim;
  }
  const bool worth_keeping = region.parent >= 0 || use.weight >= 3;
  // Where nothing is lost in calls, take registers that need no saving first.
  if (worth_losing) {
    const auto position = parameter(use.local);
    const RegisterId given = position ? arrival(*position) : no_register;
    const bool is_home = std::ranges::find(homes_lost, given) != homes_lost.end();
    if (region.parent < 0 && is_home && region.homes[given] == no_local) return given;
    if (region.calls == 0) {
      for (const RegisterId id : homes_lost) {
        if (consider(id)) return id;
      }
    }
  }
  if (worth_keeping) {
    for (const RegisterId id : homes_kept) {
      if (consider(id)) return id;
    }
  }
  if (worth_losing && region.calls != 0) {
    for (const RegisterId id : homes_lost) {
      if (consider(id)) return id;
    }
  }
  return victim;
}

void Analysis::assign_homes(Region& region) {
  inherit_homes(region);
  for (const LocalUse& use : region.uses) {
    const bool has_home = std::ranges::find(region.homes, use.local) != region.homes.end();
    if (has_home) continue;
    const RegisterId id = find_home(region, use);
    if (id != no_register) region.homes[id] = use.local;
  }
  for (RegisterId id = 0; id < first_vector; ++id) {
    if (region.homes[id] != no_local && kept_in_calls.contains(id)) kept_used.add(id);
  }
}

}  // namespace merlon::wasm::baseline
