#pragma once

// A module instance [WASM 3.0 §4.2.5].

#include <string_view>

#include "merlon/wasm/exec/store.h"

namespace merlon::wasm {

/// Owned by its store, never moved.
class Instance {
 public:
  Instance(Store& store, std::shared_ptr<CompiledModule> module);
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  /// What is exported under `name`, if anything.
  [[nodiscard]] std::optional<Extern> find_export(std::string_view name);
  /// Calls an exported function.
  [[nodiscard]] Outcome invoke(std::string_view name, const Values& arguments);

  [[nodiscard]] Store& store() noexcept { return store_; }
  [[nodiscard]] const CompiledModule& compiled() const noexcept { return *module_; }
  [[nodiscard]] VmContext& context() noexcept { return *context_; }
  /// The reference to a function of this instance's index space.
  [[nodiscard]] VmFunction* function(FuncIndex index);
  [[nodiscard]] Memory* memory(MemoryIndex index) const noexcept { return memories_[index]; }
  [[nodiscard]] TableInstance* table(TableIndex index) const noexcept { return tables_[index]; }
  [[nodiscard]] GlobalInstance* global(GlobalIndex index) const noexcept { return globals_[index]; }
  [[nodiscard]] TagInstance* tag(TagIndex index) const noexcept { return tags_[index]; }

  /// Copies elements of a segment into a table; false, and nothing written, if out of bounds.
  [[nodiscard]] bool init_table(TableIndex table, std::uint32_t segment, std::uint64_t to,
                                std::uint32_t from, std::uint32_t count);
  /// The value of a constant expression, validated before.
  [[nodiscard]] Slot evaluate(const Expression& expression);

  /// The memory host functions see: exported as "memory", else memory 0, else null.
  [[nodiscard]] Memory* main_memory() const noexcept { return main_memory_; }

 private:
  friend class Instantiation;
  friend struct Runtime;

  struct AlignedDelete {
    void operator()(VmContext* context) const noexcept;
  };

  Store& store_;
  std::shared_ptr<CompiledModule> module_;
  std::unique_ptr<VmContext, AlignedDelete> context_;
  std::vector<Memory*> memories_;
  std::vector<TableInstance*> tables_;
  std::vector<GlobalInstance*> globals_;
  std::vector<TagInstance*> tags_;
  struct FreeDelete {
    void operator()(void* memory) const noexcept;
  };
  std::unique_ptr<VmFunction[], FreeDelete> functions_;  ///< zeroed; filled on first use
  std::vector<bool> dropped_elements_;
  std::vector<bool> dropped_data_;
  Memory* main_memory_ = nullptr;
};

}  // namespace merlon::wasm
