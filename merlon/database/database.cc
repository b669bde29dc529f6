#include "merlon/database/database.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace merlon::database {

namespace {

template <typename T>
const T& get(const Row& row, std::size_t column, const T& fallback) noexcept {
  const T* const found = column < row.size() ? std::get_if<T>(&row[column]) : nullptr;
  return found != nullptr ? *found : fallback;
}

}  // namespace

void Database::rest(int tries) {
  constexpr int without_rest = 2;
  constexpr int longest = 32;
  if (tries < without_rest) return;
  // Which of them waits longer is left to chance, and the clock has enough of that.
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  std::this_thread::sleep_for(std::chrono::microseconds(
      500 * std::min(tries, longest) + now / 64 % (500 * std::min(tries, longest))));
}

Result<std::unique_ptr<Connection>> Database::take(bool fresh) {
  std::vector<std::unique_ptr<Connection>> forgotten;  // end outside of the lock
  {
    const std::scoped_lock lock(mutex_);
    if (fresh) forgotten.swap(idle_);
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return connect_();
}

void Database::give_back(std::unique_ptr<Connection> connection) {
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < most_idle) idle_.push_back(std::move(connection));
}

std::int64_t integer(const Row& row, std::size_t column) noexcept {
  return get<std::int64_t>(row, column, 0);
}

const std::string& text(const Row& row, std::size_t column) noexcept {
  static const std::string none;
  return get(row, column, none);
}

const Bytes& bytes(const Row& row, std::size_t column) noexcept {
  static const Bytes none;
  return get(row, column, none);
}

bool is_null(const Row& row, std::size_t column) noexcept {
  return column >= row.size() || std::holds_alternative<std::monostate>(row[column]);
}

}  // namespace merlon::database
