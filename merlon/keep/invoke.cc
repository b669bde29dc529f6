#include "merlon/keep/invoke.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "merlon/base/text.h"
#include "merlon/keep/values.h"
#include "merlon/launch/exit_status.h"

namespace merlon::keep {

using base::concat;
using base::Printable;
using launch::ExitStatus;
using launch::number;

namespace {

constexpr std::uint32_t largest_status = 255;

/// One run of a module; every step that fails has been reported when it gives a status.
class Run {
 public:
  Run(const launch::Message& message, const wasm::Module& module, const Deadline& deadline,
      Voice& voice)
      : message_(message), module_(module), deadline_(deadline), voice_(voice) {}

  int instantiated(wasm::Instance& instance) {
    const std::optional<std::string> name = entry_name();
    if (!name) {
      return unusable("exports no function \"_start\"; --invoke NAME calls another one");
    }
    const auto type = function_type(*name);
    if (!type) return unusable(concat("exports no function ", base::quoted(*name)));
    wasm::Values arguments;
    if (const int status = read_arguments(*type, arguments); status != 0) return status;
    if (!message_.invoke.empty() && function_type("_initialize")) {
      if (const int status = finished(instance.invoke("_initialize", {}), false); status != 0) {
        return status;
      }
    }
    return finished(instance.invoke(*name, arguments), !message_.invoke.empty());
  }

  int not_instantiated(const wasm::LinkError& error) {
    if (error.import.empty()) {
      const std::string asked = error.asked == 0 ? "" : concat(": ", error.asked, " bytes");
      return unusable(concat("cannot be started: ", error.error.message(), asked));
    }
    return unusable(concat("import ", base::quoted(error.import), ": ", error.error.message()));
  }

  int trapped(const wasm::Trap& trap) {
    if (trap.kind == wasm::TrapKind::Exit) return exited(trap.exit_code);
    if (trap.kind == wasm::TrapKind::Interrupted && deadline_.is_over()) {
      voice_.remark(Printable::lines(concat("the time limit is over", backtrace_of(trap))));
      return number(ExitStatus::TimeLimit);
    }
    voice_.remark(
        Printable::lines(concat("trap: ", wasm::to_string(trap.kind), backtrace_of(trap))));
    return number(ExitStatus::Trap);
  }

 private:
  int unusable(std::string_view reason) {
    voice_.remark(concat(message_.program, ": ", reason));
    return number(ExitStatus::Unusable);
  }

  [[nodiscard]] std::optional<std::string> entry_name() const {
    if (!message_.invoke.empty()) return message_.invoke;
    for (const char* name : {"_start", ""}) {
      if (function_type(name)) return name;
    }
    return std::nullopt;
  }

  [[nodiscard]] std::optional<wasm::FuncType> function_type(std::string_view name) const {
    for (const wasm::Export& entry : module_.exports) {
      if (entry.name == name && entry.kind == wasm::ExternKind::Function) {
        return module_.type_of_function(entry.index);
      }
    }
    return std::nullopt;
  }

  /// With --invoke, the program's arguments are the function's.
  int read_arguments(const wasm::FuncType& type, wasm::Values& values) {
    const std::size_t given = message_.invoke.empty() ? 0 : message_.arguments.size() - 1;
    if (given != type.params.size()) {
      return unusable(concat("the function takes ", type.params.size(), " parameters, and ", given,
                             " are given behind --"));
    }
    for (std::size_t i = 0; i < given; ++i) {
      const std::string& text = message_.arguments[i + 1];
      const auto value = parse_value(text, type.params[i]);
      if (!value) {
        return unusable(concat("parameter ", i + 1, " of type ", wasm::to_string(type.params[i]),
                               ": ", base::quoted(text), ": ", value.error().message()));
      }
      values.push_back(*value);
    }
    return 0;
  }

  int finished(const wasm::Outcome& outcome, bool print) {
    if (const auto* trap = std::get_if<wasm::Trap>(&outcome)) return trapped(*trap);
    if (const auto* error = std::get_if<core::Error>(&outcome)) {
      return unusable(concat("cannot be called: ", error->message()));
    }
    if (!print) return 0;
    std::string text;
    for (const wasm::Value& value : std::get<wasm::Values>(outcome)) {
      text += format_value(value) + "\n";
    }
    const auto written = voice_.output(core::as_bytes(text));
    if (written) return 0;
    voice_.remark(concat("standard output: ", os::describe(written.error())));
    return number(ExitStatus::OutputLost);
  }

  int exited(std::uint32_t code) {
    if (code <= largest_status) return static_cast<int>(code);
    voice_.remark(concat("the workload's exit status ", code, " does not fit; 255 stands for it"));
    return number(ExitStatus::ExitTooLarge);
  }

  /// Names come from the module: they are shown as harmless text.
  static std::string backtrace_of(const wasm::Trap& trap) {
    std::string text;
    for (const wasm::Frame& frame : trap.backtrace) {
      std::array<char, 16> digits{};
      const char* const end =
          std::to_chars(digits.data(), digits.data() + digits.size(), frame.offset, 16).ptr;
      const std::string name = frame.name.empty() ? concat("function ", frame.function)
                                                  : base::printable(frame.name, 120);
      text += concat("\n    at ", name, " (0x", std::string_view(digits.data(), end), ")");
    }
    return text;
  }

  const launch::Message& message_;
  const wasm::Module& module_;
  const Deadline& deadline_;
  Voice& voice_;
};

}  // namespace

int invoke(const launch::Message& message, Stage& stage, const Deadline& deadline, Voice& voice) {
  Run run(message, stage.module()->module(), deadline, voice);
  const wasm::InstantiateOutcome outcome = stage.instance();
  if (const auto* trap = std::get_if<wasm::Trap>(&outcome)) return run.trapped(*trap);
  if (const auto* error = std::get_if<wasm::LinkError>(&outcome)) {
    return run.not_instantiated(*error);
  }
  return run.instantiated(*std::get<wasm::Instance*>(outcome));
}

}  // namespace merlon::keep
