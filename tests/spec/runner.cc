#include "tests/spec/runner.h"

#include <cstdio>

#include "merlon/wasm/baseline/compiler.h"

#include "tests/spec/values.h"

namespace merlon::spec {

using namespace wasm;  // NOLINT(google-build-using-namespace): a test of that room alone

namespace {

struct Spectest {};
Spectest nothing;

void print_nothing(Spectest&, Caller&) {}
void print_i32(Spectest&, Caller&, std::uint32_t) {}
void print_i64(Spectest&, Caller&, std::uint64_t) {}
void print_f32(Spectest&, Caller&, float) {}
void print_f64(Spectest&, Caller&, double) {}
void print_i32_f32(Spectest&, Caller&, std::uint32_t, float) {}
void print_f64_f64(Spectest&, Caller&, double, double) {}

std::string message(const core::Error& error) {
  return std::string(error.message()) + " (" + std::to_string(error.detail) + ")";
}

}  // namespace

Runner::Runner(std::string file, CompileMode mode, Bounds bounds) : file_(std::move(file)) {
  EngineOptions options;
  options.mode = mode;
  options.bounds = bounds;
  auto engine = Engine::create(baseline::compilers(), options);
  MERLON_CHECK(engine.has_value());
  engine_ = std::move(*engine);
  StoreLimits limits;
  limits.max_stack_bytes = std::uint64_t{512} * 1024;
  limits.exception_step = 0;  // so that one that is freed too early shows
  store_ = std::make_unique<Store>(*engine_, limits);
  provide_spectest();
}

Runner::~Runner() = default;

void Runner::provide_spectest() {
  const auto define = [this](const char* name, HostFunction function) {
    imports_.define("spectest", name, std::move(function));
  };
  define("print", host_function<&print_nothing>(nothing));
  define("print_i32", host_function<&print_i32>(nothing));
  define("print_i64", host_function<&print_i64>(nothing));
  define("print_f32", host_function<&print_f32>(nothing));
  define("print_f64", host_function<&print_f64>(nothing));
  define("print_i32_f32", host_function<&print_i32_f32>(nothing));
  define("print_f64_f64", host_function<&print_f64_f64>(nothing));
  const auto global = [this](const char* name, Value value) {
    imports_.define("spectest", name, Extern(store_->make_global({value.type, false}, value.bits)));
  };
  global("global_i32", Value::from_i32(666));
  global("global_i64", Value::from_i64(666));
  global("global_f32", Value::from_f32(666.6F));
  global("global_f64", Value::from_f64(666.6));
  Limits limits;
  limits.min = 10;
  limits.max = 20;
  imports_.define("spectest", "table", Extern(store_->make_table({ValueType::funcref, limits})));
  limits.address = AddressType::I64;
  imports_.define("spectest", "table64", Extern(store_->make_table({ValueType::funcref, limits})));
  Limits pages;
  pages.min = 1;
  pages.max = 2;
  imports_.define("spectest", "memory", Extern(*store_->make_memory({pages})));
}

Counts Runner::run(const std::vector<Node>& script) {
  for (const Node& node : script) command(node);
  return counts_;
}

void Runner::fail(const Node& node, const std::string& why) {
  ++counts_.failed;
  std::fprintf(stderr, "%s:%u: %s: %s\n", file_.c_str(), node.line,
               std::string(node.head()).c_str(), why.c_str());
}

void Runner::command(const Node& node) {
  const std::string_view head = node.head();
  if (head == "module") {
    module(node);
  } else if (head == "register") {
    register_instance(node);
  } else if (head == "invoke" || head == "get") {
    const Result result = perform(node);
    if (!std::holds_alternative<Values>(result)) fail(node, "the action failed: " + reason_);
  } else {
    assertion(node);
  }
}

core::Result<std::shared_ptr<CompiledModule>> Runner::compile(const Node& node) {
  std::vector<std::uint8_t> bytes;
  for (const Node& item : node.items) {
    if (item.form != Node::Form::String) continue;
    bytes.insert(bytes.end(), item.text.begin(), item.text.end());
  }
  return engine_->compile(std::move(bytes));
}

void Runner::module(const Node& node) {
  const bool definition = node.items.size() > 1 && node.items[1].text == "definition";
  const bool instance = node.items.size() > 1 && node.items[1].text == "instance";
  const auto name = [&node](std::size_t at) {
    const bool named = node.items.size() > at && node.items[at].text.starts_with('$');
    return named ? node.items[at].text : std::string();
  };
  if (instance) {
    const Result result = instantiate(name(3), name(2));
    if (!std::holds_alternative<Values>(result)) fail(node, "no instance: " + reason_);
    return;
  }
  auto compiled = compile(node);
  if (!compiled.has_value()) {
    fail(node, "a valid module was refused: " + message(compiled.error()));
    definitions_[""] = nullptr;
    return;
  }
  definitions_[""] = *compiled;
  const std::string own = name(definition ? 2 : 1);
  if (!own.empty()) definitions_[own] = *compiled;
  if (definition) return;
  const Result result = instantiate("", own);
  if (!std::holds_alternative<Values>(result)) fail(node, "no instance: " + reason_);
}

Runner::Result Runner::instantiate(const std::string& definition, const std::string& name) {
  const auto& module = definitions_[definition];
  if (module == nullptr) {
    reason_ = "its module was refused";
    return core::error(core::ErrorCode::NotFound, "no module");
  }
  InstantiateOutcome outcome = store_->instantiate(module, imports_);
  if (auto* trap = std::get_if<Trap>(&outcome)) {
    reason_ = trap->describe();
    return std::move(*trap);
  }
  if (auto* error = std::get_if<LinkError>(&outcome)) {
    reason_ = error->import + ": " + message(error->error);
    return std::move(*error);
  }
  latest_ = std::get<Instance*>(outcome);
  if (!name.empty()) instances_[name] = latest_;
  return Values{};
}

void Runner::register_instance(const Node& node) {
  const std::string& as = node.items[1].text;
  Instance* const instance = node.items.size() > 2 ? instances_[node.items[2].text] : latest_;
  if (instance == nullptr) {
    fail(node, "nothing to register");
    return;
  }
  for (const Export& item : instance->compiled().module().exports) {
    imports_.define(as, item.name, *instance->find_export(item.name));
  }
}

wasm::Instance* Runner::instance(const Node& action, std::size_t& next) {
  next = 1;
  if (action.items.size() > 1 && action.items[1].form == Node::Form::Word) {
    next = 2;
    return instances_[action.items[1].text];
  }
  return latest_;
}

Runner::Result Runner::perform(const Node& action) {
  if (action.head() == "module") {
    const bool named = action.items.size() > 3;
    return instantiate(named ? action.items[3].text : std::string(), {});
  }
  std::size_t next = 0;
  Instance* const target = instance(action, next);
  if (target == nullptr || next >= action.items.size()) {
    reason_ = "no instance to act on";
    return core::error(core::ErrorCode::NotFound, "no instance");
  }
  const std::string& name = action.items[next].text;
  if (action.head() == "get") {
    const auto external = target->find_export(name);
    auto* const* global = external ? std::get_if<GlobalInstance*>(&*external) : nullptr;
    if (global == nullptr) return core::error(core::ErrorCode::NotFound, "no such global");
    return Values{{(*global)->type.value, *(*global)->cell}};
  }
  Values arguments;
  for (std::size_t i = next + 1; i < action.items.size(); ++i) {
    auto argument = parse_argument(action.items[i]);
    if (!argument.has_value()) {
      reason_ = message(argument.error());
      return argument.error();
    }
    arguments.push_back(*argument);
  }
  Outcome outcome = target->invoke(name, arguments);
  if (auto* trap = std::get_if<Trap>(&outcome)) {
    reason_ = trap->describe();
    return std::move(*trap);
  }
  if (auto* error = std::get_if<core::Error>(&outcome)) {
    reason_ = message(*error);
    return *error;
  }
  return std::get<Values>(std::move(outcome));
}

void Runner::assertion(const Node& node) {
  const std::string_view head = node.head();
  bool passed = false;
  reason_.clear();
  if (head == "assert_return") passed = assert_return(node);
  else if (head == "assert_trap" || head == "assert_exhaustion") passed = assert_trap(node);
  else if (head == "assert_exception") passed = assert_exception(node);
  else if (head == "assert_invalid" || head == "assert_malformed") passed = assert_refused(node);
  else if (head == "assert_unlinkable") passed = assert_unlinkable(node);
  else reason_ = "unknown command";
  if (passed) ++counts_.passed;
  else fail(node, reason_);
}

bool Runner::assert_return(const Node& node) {
  const Result result = perform(node.items[1]);
  const auto* const values = std::get_if<Values>(&result);
  if (values == nullptr) return false;
  if (values->size() != node.items.size() - 2) {
    reason_ = "another number of results";
    return false;
  }
  for (std::size_t i = 0; i < values->size(); ++i) {
    const auto match = matches((*values)[i], node.items[i + 2]);
    if (match.has_value() && *match) continue;
    reason_ = match.has_value() ? "result " + print((*values)[i]) : message(match.error());
    return false;
  }
  return true;
}

bool Runner::assert_trap(const Node& node) {
  const Result result = perform(node.items[1]);
  const auto* const trap = std::get_if<Trap>(&result);
  if (trap == nullptr) {
    if (std::holds_alternative<Values>(result)) reason_ = "it returned";
    return false;
  }
  const std::string_view wanted = node.items.size() > 2 ? node.items[2].text : std::string_view();
  const std::string_view actual = to_string(trap->kind);
  // The suite's words may say more than the kind: "uninitialized element 2".
  const bool same = wanted.starts_with(actual) || actual.starts_with(wanted) ||
                    (trap->kind == TrapKind::NullReference && wanted.starts_with("null ")) ||
                    (trap->kind == TrapKind::TableOutOfBounds && wanted == "undefined element");
  if (!same) reason_ = "trapped with: " + std::string(actual) + ", wanted: " + std::string(wanted);
  return same;
}

bool Runner::assert_exception(const Node& node) {
  const Result result = perform(node.items[1]);
  const auto* const trap = std::get_if<Trap>(&result);
  return trap != nullptr && trap->kind == TrapKind::UncaughtException;
}

bool Runner::assert_refused(const Node& node) {
  const auto compiled = compile(node.items[1]);
  if (compiled.has_value()) {
    reason_ = "accepted, should be: " + node.items.back().text;
    return false;
  }
  const core::ErrorCode code = compiled.error().code;
  if (code == core::ErrorCode::Malformed || code == core::ErrorCode::Exhausted) return true;
  reason_ = "refused for another reason: " + message(compiled.error());
  return false;
}

bool Runner::assert_unlinkable(const Node& node) {
  const Result result = perform(node.items[1]);
  if (std::holds_alternative<LinkError>(result)) return true;
  if (std::holds_alternative<Values>(result)) reason_ = "it linked";
  return false;
}

}  // namespace merlon::spec
