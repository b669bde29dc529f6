#pragma once

// Runs one script of the official suite and counts its assertions.

#include <map>
#include <memory>
#include <set>

#include "merlon/wasm/exec/instance.h"

#include "tests/spec/script.h"

namespace merlon::spec {

struct Counts {
  unsigned passed = 0;
  unsigned failed = 0;

  Counts& operator+=(const Counts& other) {
    passed += other.passed;
    failed += other.failed;
    return *this;
  }
};

class Runner {
 public:
  /// `mode` is how modules are compiled; failures are reported as "file:line: …" on stderr.
  Runner(std::string file, wasm::CompileMode mode, wasm::Bounds bounds);
  ~Runner();

  Counts run(const std::vector<Node>& script);

 private:
  /// What an action or an instantiation came to.
  using Result = std::variant<wasm::Values, wasm::Trap, wasm::LinkError, core::Error>;

  void command(const Node& node);
  void module(const Node& node);
  void assertion(const Node& node);
  void register_instance(const Node& node);
  bool assert_return(const Node& node);
  bool assert_trap(const Node& node);
  bool assert_exception(const Node& node);
  bool assert_refused(const Node& node);
  bool assert_unlinkable(const Node& node);
  Result perform(const Node& action);
  Result instantiate(const std::string& definition, const std::string& name);
  core::Result<std::shared_ptr<wasm::CompiledModule>> compile(const Node& node);
  wasm::Instance* instance(const Node& action, std::size_t& next);
  void provide_spectest();
  void fail(const Node& node, const std::string& why);

  std::string file_;
  Counts counts_;
  std::string reason_;  ///< of the assertion that fails
  std::unique_ptr<wasm::Engine> engine_;
  std::unique_ptr<wasm::Store> store_;
  wasm::Imports imports_;
  std::map<std::string, std::shared_ptr<wasm::CompiledModule>> definitions_;
  std::map<std::string, wasm::Instance*> instances_;
  wasm::Instance* latest_ = nullptr;
};

}  // namespace merlon::spec
