#include "merlon/steward/memory_store.h"

#include <mutex>

#include "merlon/base/text.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"

namespace merlon::steward {

using base::concat;
using core::Result;
using core::Unexpected;
using verify::Memory;

struct MemoryStore::State {
  std::string path;
  mutable std::mutex mutex = {};
  Memory memory = {};   ///< all that is known
  Memory on_disk = {};  ///< what was read or written last
};

namespace {

Unexpected<std::string> failed(const std::string& path, std::string_view why) {
  return Unexpected<std::string>(
      concat(base::printable(path), ": the record of what was seen before ", why));
}

Result<Memory, std::string> read(const std::string& path) {
  if (!os::exists(path)) return Memory{};
  const auto file = os::open_file(path);
  if (!file) return failed(path, concat("cannot be read: ", os::describe(file.error())));
  const auto bytes = os::read_all(*file, Memory::max_text_size);
  if (!bytes) return failed(path, concat("cannot be read: ", os::describe(bytes.error())));
  auto memory = Memory::parse(core::as_text(*bytes));
  if (!memory) {
    return failed(path, concat("is damaged: ", memory.error().what,
                               "; find out who wrote it, and put a copy back or remove it"));
  }
  return *std::move(memory);
}

/// Of all Stewards that share the file one at a time may read it, add to it and write it.
Result<os::Fd, std::string> lock_beside(const std::string& path) {
  auto file = os::open_record(path + ".lock");
  if (!file) return failed(path, concat("cannot be locked: ", os::describe(file.error())));
  if (const auto locked = os::lock(*file); !locked) {
    return failed(path, concat("cannot be locked: ", os::describe(locked.error())));
  }
  return *std::move(file);
}

}  // namespace

Result<MemoryStore, std::string> MemoryStore::open(std::string path) {
  auto state = std::make_shared<State>();
  state->path = std::move(path);
  MemoryStore store(std::move(state));
  TRY(store.refresh());
  return store;
}

Memory MemoryStore::memory() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->memory;
}

Result<void, std::string> MemoryStore::refresh() {
  const std::scoped_lock lock(state_->mutex);
  Memory found = TRY(read(state_->path));
  state_->memory.merge(found);
  state_->on_disk = std::move(found);
  return {};
}

Result<void, std::string> MemoryStore::learn(const Memory& seen) {
  State& state = *state_;
  const std::scoped_lock lock(state.mutex);
  state.memory.merge(seen);
  if (state.memory == state.on_disk) return {};
  const os::Fd held = TRY(lock_beside(state.path));
  Memory found = TRY(read(state.path));
  state.memory.merge(found);
  if (state.memory != found) {
    const auto written = os::replace_file(state.path, core::as_bytes(state.memory.to_text()));
    if (!written) {
      return failed(state.path, concat("cannot be written: ", os::describe(written.error())));
    }
  }
  state.on_disk = state.memory;
  return {};
}

}  // namespace merlon::steward
