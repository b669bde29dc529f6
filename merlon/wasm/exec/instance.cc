#include "merlon/wasm/exec/instance.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "merlon/wasm/binary/instruction.h"
#include "merlon/wasm/exec/runtime.h"

namespace merlon::wasm {

namespace {

constexpr std::align_val_t context_alignment{16};

VmContext* make_context(std::uint32_t size) {
  void* const memory = ::operator new(size, context_alignment);
  std::memset(memory, 0, size);
  auto* const context = new (memory) VmContext;
  context->builtins = builtin_addresses();
  return context;
}

}  // namespace

void Instance::AlignedDelete::operator()(VmContext* context) const noexcept {
  ::operator delete(context, context_alignment);
}

void Instance::FreeDelete::operator()(void* memory) const noexcept { std::free(memory); }

Instance::Instance(Store& store, std::shared_ptr<CompiledModule> module)
    : store_(store), module_(std::move(module)), context_(make_context(module_->layout().size)) {
  const Module& text = module_->module();
  context_->instance = this;
  context_->builtins[static_cast<std::size_t>(Builtin::RaiseNow)] = store_.engine().raise();
  // Zeroed pages cost nothing until they are used: a large module has many functions and few
  // references. VmFunction is an implicit-lifetime aggregate whose zero bytes are its defaults.
  functions_.reset(static_cast<VmFunction*>(
      std::calloc(std::max<std::size_t>(text.functions.size(), 1), sizeof(VmFunction))));
  MERLON_CHECK(functions_ != nullptr);
  dropped_elements_.resize(text.elements.size());
  dropped_data_.resize(text.data.size());
}

Instance::~Instance() = default;

VmFunction* Instance::function(FuncIndex index) {
  const Module& text = module_->module();
  if (index < text.imported_functions) {
    // SAFETY: any object may be read as bytes; the layout gives the offset.
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(context_.get());
    VmFunction* imported = nullptr;
    std::memcpy(&imported, bytes + module_->layout().imports + 8 * std::size_t{index},
                sizeof(imported));
    return imported;
  }
  VmFunction& function = functions_[index];
  if (function.code == nullptr) {
    const bool ready = module_->is_compiled(index);
    function = {ready ? module_->entry(index) : store_.engine().lazy_reference_entry(),
                context_.get(), module_->canonical(text.functions[index]), index, nullptr};
  }
  return &function;
}

std::optional<Extern> Instance::find_export(std::string_view name) {
  for (const Export& item : module_->module().exports) {
    if (item.name != name) continue;
    switch (item.kind) {
      case ExternKind::Function: return function(item.index);
      case ExternKind::Table: return tables_[item.index];
      case ExternKind::Memory: return memories_[item.index];
      case ExternKind::Global: return globals_[item.index];
      case ExternKind::Tag: return tags_[item.index];
    }
  }
  return std::nullopt;
}

Outcome Instance::invoke(std::string_view name, const Values& arguments) {
  for (const Export& item : module_->module().exports) {
    if (item.kind != ExternKind::Function || item.name != name) continue;
    const FuncType type = module_->canonical(module_->module().type_of_function(item.index));
    return store_.call(*function(item.index), type, arguments);
  }
  return core::error(core::ErrorCode::NotFound, "no function is exported under this name");
}

bool Instance::init_table(TableIndex table, std::uint32_t segment, std::uint64_t to,
                          std::uint32_t from, std::uint32_t count) {
  const ElementSegment& source = module_->module().elements[segment];
  const std::uint64_t size = dropped_elements_[segment] ? 0 : source.size();
  const VmTable& target = *tables_[table]->vm();
  if (to > target.size || count > target.size - to || from > size || count > size - from) {
    return false;
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint64_t value = 0;
    if (const auto* functions = std::get_if<std::vector<FuncIndex>>(&source.init)) {
      // SAFETY: a reference in a table is the address of its VmFunction.
      value = reinterpret_cast<std::uint64_t>(function((*functions)[from + i]));
    } else {
      value = evaluate(std::get<std::vector<Expression>>(source.init)[from + i]).low;
    }
    target.elements[to + i] = value;
  }
  return true;
}

Slot Instance::evaluate(const Expression& expression) {
  const Module& text = module_->module();
  Cursor cursor(expression.code, expression.offset);
  std::vector<Slot> stack;
  const auto binary = [&stack](auto operation, std::uint64_t mask) {
    const std::uint64_t right = stack.back().low;
    stack.pop_back();
    stack.back().low = operation(stack.back().low, right) & mask;
  };
  const auto add = [](std::uint64_t a, std::uint64_t b) { return a + b; };
  const auto subtract = [](std::uint64_t a, std::uint64_t b) { return a - b; };
  const auto multiply = [](std::uint64_t a, std::uint64_t b) { return a * b; };
  constexpr std::uint64_t mask32 = 0xffff'ffffU;
  constexpr std::uint64_t mask64 = ~std::uint64_t{0};
  for (;;) {
    const Instruction instruction = read_instruction(cursor, text);
    MERLON_CHECK(cursor.ok());  // validated before
    const Opcode op = instruction.op;
    if (op == Opcode::End) return stack.back();
    if (op == Opcode::GlobalGet) stack.push_back(*globals_[instruction.low()]->cell);
    else if (op == Opcode::RefNull) stack.push_back({});
    else if (op == Opcode::RefFunc)
      // SAFETY: as a reference in a table.
      stack.push_back({reinterpret_cast<std::uint64_t>(function(instruction.low())), 0});
    else if (op == Opcode::I32Add) binary(add, mask32);
    else if (op == Opcode::I32Sub) binary(subtract, mask32);
    else if (op == Opcode::I32Mul) binary(multiply, mask32);
    else if (op == Opcode::I64Add) binary(add, mask64);
    else if (op == Opcode::I64Sub) binary(subtract, mask64);
    else if (op == Opcode::I64Mul) binary(multiply, mask64);
    else if (op == Opcode::V128Const) {
      Slot slot;
      std::memcpy(&slot, text.bytes.data() + instruction.value, sizeof(slot));
      stack.push_back(slot);
    } else {
      stack.push_back({instruction.value, 0});
    }
  }
}

core::ByteSpan Caller::memory() const noexcept {
  const Memory* const memory = context_.instance->main_memory();
  return memory == nullptr ? core::ByteSpan{} : memory->bytes();
}

Store& Caller::store() const noexcept { return context_.instance->store(); }

}  // namespace merlon::wasm
