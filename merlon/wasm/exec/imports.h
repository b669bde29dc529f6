#pragma once

// What an instance's imports may be satisfied from.

#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "merlon/wasm/exec/host.h"

namespace merlon::wasm {

class Memory;
class TableInstance;
struct GlobalInstance;
struct TagInstance;

/// An external value of [WASM 3.0 §4.2.14], owned by its store.
using Extern = std::variant<VmFunction*, TableInstance*, Memory*, GlobalInstance*, TagInstance*>;

/// Names to definitions. Later definitions of a name replace earlier ones.
class Imports {
 public:
  using Definition = std::variant<HostFunction, Extern>;

  void define(std::string_view module, std::string_view name, HostFunction function) {
    set(module, name, std::move(function));
  }
  /// `external` must belong to the store that instantiates.
  void define(std::string_view module, std::string_view name, Extern external) {
    set(module, name, external);
  }
  /// Null if there is none.
  [[nodiscard]] const Definition* find(std::string_view module, std::string_view name) const {
    const auto found = definitions_.find(Key{module, name});
    return found == definitions_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] bool has_module(std::string_view module) const {
    const auto found = definitions_.lower_bound(Key{module, std::string_view{}});
    return found != definitions_.end() && found->first.first == module;
  }

 private:
  using Key = std::pair<std::string_view, std::string_view>;
  struct Less {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      const int order = std::string_view(a.first).compare(b.first);
      return order != 0 ? order < 0 : std::string_view(a.second) < std::string_view(b.second);
    }
  };

  void set(std::string_view module, std::string_view name, Definition definition) {
    definitions_.insert_or_assign({std::string(module), std::string(name)}, std::move(definition));
  }

  std::map<std::pair<std::string, std::string>, Definition, Less> definitions_;
};

}  // namespace merlon::wasm
