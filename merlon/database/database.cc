#include "merlon/database/database.h"

namespace merlon::database {

namespace {

template <typename T>
const T& get(const Row& row, std::size_t column, const T& fallback) noexcept {
  const T* const found = column < row.size() ? std::get_if<T>(&row[column]) : nullptr;
  return found != nullptr ? *found : fallback;
}

}  // namespace

Result<std::unique_ptr<Connection>> Database::take() {
  {
    const std::scoped_lock lock(mutex_);
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
