#pragma once

// A database of SQL as the rooms above see it: statements with values, in transactions that are as
// if one came after the other. Which database it is, only this room knows. What it gives is not
// believed beyond its kinds: whoever reads a row checks it.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "merlon/core/result.h"

namespace merlon::database {

using Bytes = std::vector<std::uint8_t>;
using Value = std::variant<std::monostate, std::int64_t, std::string, Bytes>;
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

struct Failure {
  enum class Kind : std::uint8_t {
    Conflict,     ///< another transaction came between: all of this one again may do
    Full,         ///< no room
    Unavailable,  ///< the database is not to be reached now; nothing was done
    Unknown,      ///< the answer to a commit was lost: it stands whole or not at all
    Broken,       ///< it, or our statement, is wrong
  };
  Kind kind = Kind::Broken;
  std::string text;  ///< a line for people, without values
};

template <typename T>
using Result = core::Result<T, Failure>;

enum class Mode : std::uint8_t { Read, Write };

/// Where databases take other words for the same.
enum class Dialect : std::uint8_t { Sqlite, Postgres };

/// For one thread at a time.
class Connection {
 public:
  Connection() = default;
  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// `statement` is one of ours, never a peer's word, and lives as long as the connection; its
  /// values are called $1, $2 ….
  [[nodiscard]] virtual Result<Rows> run(std::string_view statement,
                                         std::span<const Value> values) = 0;
  [[nodiscard]] Result<Rows> run(std::string_view statement, std::initializer_list<Value> values) {
    return run(statement, std::span<const Value>(values.begin(), values.size()));
  }

  /// `patiently`: others came between a few times; where several write at a time, wait for those
  /// who say the same.
  [[nodiscard]] virtual Result<void> begin(Mode mode, bool patiently) = 0;
  [[nodiscard]] Result<void> begin(Mode mode) { return begin(mode, false); }
  /// Once it returns well, all of it outlives the machine's end.
  [[nodiscard]] virtual Result<void> commit() = 0;
  virtual void roll_back() noexcept = 0;
  [[nodiscard]] virtual Dialect dialect() const noexcept = 0;
};

/// Connections to one database, for any thread.
class Database {
 public:
  using Connect = std::function<Result<std::unique_ptr<Connection>>()>;

  explicit Database(Connect connect) noexcept : connect_(std::move(connect)) {}

  /// Does `work`, which is given a Connection and gives a Result, in one transaction; again if
  /// another one came between. Nothing of it stands if it fails.
  template <typename Work>
  auto transact(Mode mode, const Work& work) -> decltype(work(std::declval<Connection&>())) {
    using Outcome = decltype(work(std::declval<Connection&>()));
    Failure last;
    bool fresh = false;
    for (int i = 0; i < most_tries; ++i) {
      auto taken = take(fresh);
      if (!taken) return core::Unexpected(std::move(taken.error()));
      std::unique_ptr<Connection> connection = *std::move(taken);
      if (auto begun = connection->begin(mode, i >= most_hasty); !begun) {
        last = std::move(begun.error());
        // It may have ended while nobody used it; nothing was asked of it yet.
        if (last.kind == Failure::Kind::Unavailable && !fresh) {
          fresh = true;
          continue;
        }
      } else {
        Outcome outcome = work(*connection);
        if (outcome) {
          auto done = connection->commit();
          if (done) {
            give_back(std::move(connection));
            return outcome;
          }
          last = std::move(done.error());
        } else {
          last = std::move(outcome.error());
        }
        if (!is_gone(last)) connection->roll_back();
      }
      if (is_gone(last)) break;
      give_back(std::move(connection));
      if (last.kind != Failure::Kind::Conflict) break;
      rest(i);
    }
    return core::Unexpected(std::move(last));
  }

 private:
  static constexpr int most_tries = 50;
  static constexpr int most_hasty = 4;  ///< of these
  static constexpr std::size_t most_idle = 16;

  /// The connection is of no use any more.
  [[nodiscard]] static bool is_gone(const Failure& failure) noexcept {
    return failure.kind == Failure::Kind::Unavailable || failure.kind == Failure::Kind::Unknown;
  }
  /// Before the try behind that one, so that those that met do not meet again.
  static void rest(int tries);

  /// `fresh`: a new one, and those that lie idle are forgotten.
  [[nodiscard]] Result<std::unique_ptr<Connection>> take(bool fresh);
  void give_back(std::unique_ptr<Connection> connection);

  Connect connect_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

/// Says whether a database was changed, without a transaction and without waiting. For one thread.
class Watch {
 public:
  Watch() = default;
  virtual ~Watch() = default;
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Another number than the one before if any other connection, of whatever process, has committed
  /// a change in between. Nothing: it cannot be said now.
  [[nodiscard]] virtual std::optional<std::int64_t> version() = 0;
};

/// The values of a row by their kinds; what is of another kind is empty or 0.
[[nodiscard]] std::int64_t integer(const Row& row, std::size_t column) noexcept;
[[nodiscard]] const std::string& text(const Row& row, std::size_t column) noexcept;
[[nodiscard]] const Bytes& bytes(const Row& row, std::size_t column) noexcept;
[[nodiscard]] bool is_null(const Row& row, std::size_t column) noexcept;

}  // namespace merlon::database
