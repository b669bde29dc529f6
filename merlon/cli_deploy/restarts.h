#pragma once

// Whether a workload whose keep has ended is delivered again, to a new keep that is judged like the
// first: nobody but the tenant could. Pure.

#include <chrono>
#include <optional>
#include <string_view>

namespace merlon::cli_deploy {

enum class RestartPolicy : std::uint8_t { Never, OnFailure, Always };
[[nodiscard]] std::optional<RestartPolicy> find_restart_policy(std::string_view name) noexcept;

/// How one delivery went.
struct Attempt {
  bool delivered = false;
  bool refused = false;  ///< a keep was judged, and not found good: the next would not be either
  bool stopped = false;  ///< by the tenant himself
  std::optional<int> status{};  ///< of the workload, by its keep's word; nothing: it is not known
  std::chrono::seconds lasted{};
};

class Restarts {
 public:
  /// At most `most` in a row; a keep that lasted for a minute begins another row.
  Restarts(RestartPolicy policy, std::size_t most) noexcept : policy_(policy), most_(most) {}

  /// How long to wait before the next: one second, then twice as long each time, up to a minute.
  /// Nothing: there is no next.
  [[nodiscard]] std::optional<std::chrono::seconds> after(const Attempt& attempt) noexcept;
  [[nodiscard]] std::size_t in_row() const noexcept { return in_row_; }

 private:
  [[nodiscard]] bool wants(const Attempt& attempt) const noexcept;

  RestartPolicy policy_;
  std::size_t most_;
  std::size_t in_row_ = 0;
  bool delivered_ = false;  ///< ever
};

}  // namespace merlon::cli_deploy
