// The only file that knows SQLite.

#include "merlon/database/sqlite.h"

#include <chrono>
#include <limits>
#include <map>

#include <sqlite3.h>

#include "merlon/base/text.h"

namespace merlon::database {

using base::concat;

namespace {

/// How long a writer waits for another process.
constexpr std::chrono::milliseconds patience{10'000};

struct Closer {
  void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
};
struct Finalizer {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using Handle = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Finalizer>;

Failure failure(int code, sqlite3* handle, std::string_view what) {
  Failure::Kind kind = Failure::Kind::Broken;
  const int primary = code & 0xFF;
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED) kind = Failure::Kind::Conflict;
  if (primary == SQLITE_FULL) kind = Failure::Kind::Full;
  if (primary == SQLITE_CANTOPEN || primary == SQLITE_IOERR || primary == SQLITE_READONLY) {
    kind = Failure::Kind::Unavailable;
  }
  const char* const text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  return {kind, concat("SQLite: ", what, ": ", text)};
}

int bind(sqlite3_stmt* statement, int at, const Value& value) noexcept {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<int>::max());
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, at, *number);
  }
  // What is bound outlives the statement's run; nothing is copied.
  if (const auto* text = std::get_if<std::string>(&value)) {
    if (text->size() > most) return SQLITE_TOOBIG;
    return sqlite3_bind_text(statement, at, text->data(), static_cast<int>(text->size()),
                             SQLITE_STATIC);
  }
  if (const auto* bytes = std::get_if<Bytes>(&value)) {
    if (bytes->size() > most) return SQLITE_TOOBIG;
    if (bytes->empty()) return sqlite3_bind_zeroblob(statement, at, 0);
    return sqlite3_bind_blob(statement, at, bytes->data(), static_cast<int>(bytes->size()),
                             SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, at);
}

Value column(sqlite3_stmt* statement, int at) {
  const auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(statement, at)); };
  switch (sqlite3_column_type(statement, at)) {
    case SQLITE_INTEGER: return std::int64_t{sqlite3_column_int64(statement, at)};
    case SQLITE_TEXT: {
      const auto* const text = sqlite3_column_text(statement, at);
      // SAFETY: bytes of a text, as many as the next call says.
      return std::string(reinterpret_cast<const char*>(text), size());
    }
    case SQLITE_BLOB: {
      const auto* const bytes =
          static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, at));
      return bytes == nullptr ? Bytes() : Bytes(bytes, bytes + size());
    }
    default: return std::monostate();
  }
}

class Sqlite final : public Connection {
 public:
  explicit Sqlite(Handle handle) noexcept : handle_(std::move(handle)) {}

  using Connection::run;
  [[nodiscard]] Result<Rows> run(std::string_view text, std::span<const Value> values) override {
    sqlite3_stmt* const statement = TRY(prepared(text));
    const Resetter resetter{statement};
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string name = concat("$", i + 1);
      const int at = sqlite3_bind_parameter_index(statement, name.c_str());
      if (at == 0) continue;
      if (const int code = bind(statement, at, values[i]); code != SQLITE_OK) {
        return failure(code, handle_.get(), "a value");
      }
    }
    Rows rows;
    for (;;) {
      const int code = sqlite3_step(statement);
      if (code == SQLITE_DONE) return rows;
      if (code != SQLITE_ROW) return failure(code, handle_.get(), "a statement");
      Row& row = rows.emplace_back();
      const int count = sqlite3_column_count(statement);
      for (int i = 0; i < count; ++i) row.push_back(column(statement, i));
    }
  }

  using Connection::begin;
  [[nodiscard]] Result<void> begin(Mode mode, bool /*patiently*/) override {
    // A reader that becomes a writer could not wait for another one.
    return plain(mode == Mode::Write ? "BEGIN IMMEDIATE" : "BEGIN");
  }
  [[nodiscard]] Result<void> commit() override { return plain("COMMIT"); }
  void roll_back() noexcept override {
    if (sqlite3_get_autocommit(handle_.get()) == 0) {
      sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    }
  }

  [[nodiscard]] Dialect dialect() const noexcept override { return Dialect::Sqlite; }

 private:
  struct Resetter {
    sqlite3_stmt* statement;
    ~Resetter() {
      sqlite3_reset(statement);
      sqlite3_clear_bindings(statement);
    }
  };

  Result<void> plain(std::string_view text) {
    TRY(run(text, std::span<const Value>()));
    return {};
  }

  Result<sqlite3_stmt*> prepared(std::string_view text) {
    if (const auto found = statements_.find(text); found != statements_.end()) {
      return found->second.get();
    }
    sqlite3_stmt* made = nullptr;
    const int code = sqlite3_prepare_v3(handle_.get(), text.data(), static_cast<int>(text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &made, nullptr);
    if (code != SQLITE_OK) return failure(code, handle_.get(), "a statement");
    statements_.emplace(text, Statement(made));
    return made;
  }

  Handle handle_;
  std::map<std::string_view, Statement> statements_;  // go before the handle
};

class SqliteWatch final : public Watch {
 public:
  SqliteWatch(Handle handle, Statement statement) noexcept
      : handle_(std::move(handle)), statement_(std::move(statement)) {}

  [[nodiscard]] std::optional<std::int64_t> version() override {
    const int code = sqlite3_step(statement_.get());
    const std::int64_t number = sqlite3_column_int64(statement_.get(), 0);
    sqlite3_reset(statement_.get());
    if (code != SQLITE_ROW) return std::nullopt;
    return number;
  }

 private:
  Handle handle_;
  Statement statement_;  // goes before the handle
};

Result<Handle> open(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle handle(raw);
  if (code != SQLITE_OK) return failure(code, raw, base::printable(path));
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, static_cast<int>(patience.count()));
  return handle;
}

/// Asks again while another one holds the file. SQLite waits by itself where it may; where a reader
/// would become a writer it gives up at once, and that is how a new file gets its journal.
template <typename Step>
int patiently(Step step) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const int code = step();
    const int primary = code & 0xFF;
    if (primary != SQLITE_BUSY && primary != SQLITE_LOCKED) return code;
    if (std::chrono::steady_clock::now() >= end) return code;
    sqlite3_sleep(1);
  }
}

}  // namespace

Result<std::unique_ptr<Connection>> connect_sqlite(const std::string& path) {
  Handle handle = TRY(open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  for (const char* text : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
                           "PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON"}) {
    const int code =
        patiently([&] { return sqlite3_exec(handle.get(), text, nullptr, nullptr, nullptr); });
    if (code != SQLITE_OK) return failure(code, handle.get(), base::printable(path));
  }
  return std::unique_ptr<Connection>(std::make_unique<Sqlite>(std::move(handle)));
}

Result<std::unique_ptr<Watch>> watch_sqlite(const std::string& path) {
  Handle handle = TRY(open(path, SQLITE_OPEN_READWRITE));
  sqlite3_busy_timeout(handle.get(), 0);
  sqlite3_stmt* made = nullptr;
  const int code = sqlite3_prepare_v3(handle.get(), "PRAGMA data_version", -1,
                                      SQLITE_PREPARE_PERSISTENT, &made, nullptr);
  Statement statement(made);
  if (code != SQLITE_OK) return failure(code, handle.get(), base::printable(path));
  return std::unique_ptr<Watch>(
      std::make_unique<SqliteWatch>(std::move(handle), std::move(statement)));
}

Result<void> back_up_sqlite(const std::string& from, const std::string& to) {
  const Handle source = TRY(open(from, SQLITE_OPEN_READONLY));
  const Handle target = TRY(open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  sqlite3_backup* const backup = sqlite3_backup_init(target.get(), "main", source.get(), "main");
  if (backup == nullptr) {
    return failure(sqlite3_errcode(target.get()), target.get(), base::printable(to));
  }
  const int code = patiently([&] { return sqlite3_backup_step(backup, -1); });
  sqlite3_backup_finish(backup);
  if (code != SQLITE_DONE) return failure(code, target.get(), base::printable(to));
  return {};
}

}  // namespace merlon::database
