// The only file that calls libpq.

#include "merlon/database/postgres.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>

#include "merlon/base/text.h"
#include "merlon/database/libpq.h"
#include "merlon/os/clock.h"
#include "merlon/os/poll.h"

namespace merlon::database {

using base::concat;

namespace {

/// How long a statement may take here; the server is told to give up before that.
constexpr std::uint64_t patience = 90'000'000'000;
/// All rows of one statement.
constexpr std::size_t most_bytes = std::size_t{256} << 20U;
constexpr std::size_t most_rows = 1'000'000;

// Numbers of libpq's and of the server's catalogue of types; both stay as they are.
constexpr int connection_ok = 0;
constexpr int command_ok = 1;
constexpr int tuples_ok = 2;
constexpr int single_tuple = 9;
constexpr int sqlstate_field = 'C';
constexpr int message_field = 'M';
constexpr int transaction_idle = 0;
constexpr int transaction_active = 1;
constexpr unsigned type_bytea = 17;
constexpr unsigned type_int8 = 20;
constexpr unsigned type_int2 = 21;
constexpr unsigned type_int4 = 23;
constexpr unsigned type_text = 25;
constexpr unsigned type_varchar = 1043;

struct Finisher {
  std::shared_ptr<const Libpq> pq;
  void operator()(pg_conn* connection) const noexcept { pq->PQfinish(connection); }
};
using Handle = std::unique_ptr<pg_conn, Finisher>;

struct Clearer {
  const Libpq* pq;
  void operator()(pg_result* result) const noexcept { pq->PQclear(result); }
};
using Outcome = std::unique_ptr<pg_result, Clearer>;

struct OptionsFreer {
  const Libpq* pq;
  void operator()(PqOption* options) const noexcept { pq->PQconninfoFree(options); }
};
using Options = std::unique_ptr<PqOption, OptionsFreer>;

Failure lost(std::string_view what) {
  return {Failure::Kind::Unavailable, concat("PostgreSQL: ", what)};
}
Failure broken(std::string_view what) {
  return {Failure::Kind::Broken, concat("PostgreSQL: ", what)};
}

/// By the class, or all, of a SQLSTATE [LIBPQ 15 appendix A].
Failure::Kind kind_of(std::string_view state) noexcept {
  // That something is there already was looked for in the same transaction: another one came
  // between.
  // 53200 is told where more rows are watched for conflicts at a time than the server has room for.
  constexpr std::array<std::string_view, 6> conflicts{"40001", "40P01", "40000",
                                                      "55P03", "23505", "53200"};
  constexpr std::array<std::string_view, 3> full{"53100", "53400", "54023"};
  constexpr std::array<std::string_view, 7> away{"08", "28", "53", "57", "58", "25006", "25P03"};
  const auto begins = [&](std::string_view each) { return state.starts_with(each); };
  if (std::ranges::any_of(conflicts, begins)) return Failure::Kind::Conflict;
  if (std::ranges::any_of(full, begins)) return Failure::Kind::Full;
  if (std::ranges::any_of(away, begins)) return Failure::Kind::Unavailable;
  return Failure::Kind::Broken;
}

/// What the server says may have values in it where these are what is wrong.
bool may_quote_values(std::string_view state) noexcept {
  return !state.starts_with("42") && !state.starts_with("40") && !state.starts_with("53") &&
         !state.starts_with("57") && !state.starts_with("28") && !state.starts_with("25");
}

std::int64_t big_endian(core::ByteView bytes) noexcept {
  // Of 2, 4 or 8 bytes, the first of which has the sign.
  std::uint64_t number = (bytes[0] & 0x80U) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t byte : bytes) number = number << 8U | byte;
  return static_cast<std::int64_t>(number);
}

/// What statements are given, as the library wants it; borrows the values.
class Parameters {
 public:
  explicit Parameters(std::span<const Value> given) : numbers_(given.size()) {
    for (std::size_t i = 0; i < given.size(); ++i) add(given[i], numbers_[i]);
  }

  [[nodiscard]] int count() const noexcept { return static_cast<int>(types.size()); }
  /// Statements are prepared for these.
  [[nodiscard]] std::string signature() const {
    std::string text;
    for (const unsigned each : types) text += concat(" ", each);
    return text;
  }

  std::vector<unsigned> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;  ///< all in binary

 private:
  using Number = std::array<std::uint8_t, 8>;

  void add(const Value& value, Number& room) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      for (std::size_t i = 0; i < room.size(); ++i) {
        room[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(*number) >> (56 - 8 * i));
      }
      add(type_int8, core::as_text(room));
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      add(type_text, *text);
    } else if (const auto* bytes = std::get_if<Bytes>(&value)) {
      add(type_bytea, core::as_text(*bytes));
    } else {
      types.push_back(0);  // as the place wants it
      values.push_back(nullptr);
      lengths.push_back(0);
      formats.push_back(1);
    }
  }
  void add(unsigned type, std::string_view bytes) {
    types.push_back(type);
    values.push_back(bytes.data() == nullptr ? "" : bytes.data());
    lengths.push_back(static_cast<int>(bytes.size()));
    formats.push_back(1);
  }

  std::vector<Number> numbers_;
};

class Postgres final : public Connection {
 public:
  Postgres(std::shared_ptr<const Libpq> pq, Handle handle) noexcept
      : pq_(std::move(pq)), handle_(std::move(handle)) {}

  using Connection::run;
  [[nodiscard]] Result<Rows> run(std::string_view statement,
                                 std::span<const Value> values) override {
    for (const Value& each : values) {
      if (!fits(each)) return broken("a value that is too long");
    }
    const Parameters parameters(values);
    const std::string name = TRY(prepared(statement, parameters));
    const int sent = pq_->PQsendQueryPrepared(handle_.get(), name.c_str(), parameters.count(),
                                              parameters.values.data(), parameters.lengths.data(),
                                              parameters.formats.data(), 1);
    return collect(sent);
  }

  using Connection::begin;
  [[nodiscard]] Result<void> begin(Mode mode, bool patiently) override {
    writes_ = mode == Mode::Write;
    if (patiently && writes_) {
      // In front of the transaction, whose view of the rows begins with its first statement.
      TRY(plain("SELECT 1 FROM pg_advisory_lock(5640871)"));
      waits_ = true;
    }
    return plain(writes_ ? "BEGIN ISOLATION LEVEL SERIALIZABLE"
                         : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  }

  [[nodiscard]] Result<void> commit() override {
    auto result = end();
    let_others();
    return result;
  }

  Result<void> end() {
    auto done = plain("COMMIT");
    if (!done) {
      const bool open = writes_ && !is_whole();
      if (!open) return done;
      return Failure{Failure::Kind::Unknown,
                     "PostgreSQL: the connection broke before a commit was answered"};
    }
    // A transaction in which a statement failed ends by COMMIT as well, as nothing.
    if (tag_ != "COMMIT") return broken("a transaction was not committed");
    return {};
  }

  void roll_back() noexcept override {
    if (!is_whole()) return;
    const int status = pq_->PQtransactionStatus(handle_.get());
    // The server is still at it: who ends the connection ends that.
    const bool open = status != transaction_idle;
    if (open && (status == transaction_active || !plain("ROLLBACK"))) given_up_ = true;
    let_others();
  }

  [[nodiscard]] Dialect dialect() const noexcept override { return Dialect::Postgres; }

  /// What each connection is told first.
  [[nodiscard]] Result<void> set_up() {
    // What a commit has answered must outlive the server's machine. Pages that a scan of all rows
    // has read would make each write conflict with it.
    for (const char* each :
         {"SELECT set_config('synchronous_commit', 'on', false)"
          " WHERE current_setting('synchronous_commit') = 'off'",
          "SET statement_timeout = '60s'", "SET lock_timeout = '30s'",
          "SET idle_in_transaction_session_timeout = '60s'", "SET enable_seqscan = off",
          "SET bytea_output = 'hex'", "SET standard_conforming_strings = on"}) {
      TRY(plain(each));
    }
    return {};
  }

 private:
  /// The lock goes with the connection too.
  void let_others() {
    if (!waits_ || !is_whole()) return;
    waits_ = false;
    if (!plain("SELECT 1 FROM pg_advisory_unlock(5640871)")) given_up_ = true;
  }

  static bool fits(const Value& value) noexcept {
    constexpr std::size_t most = std::size_t{512} << 20U;
    const auto* text = std::get_if<std::string>(&value);
    const auto* bytes = std::get_if<Bytes>(&value);
    return (text == nullptr || text->size() <= most) && (bytes == nullptr || bytes->size() <= most);
  }

  [[nodiscard]] bool is_whole() const noexcept {
    return !given_up_ && pq_->PQstatus(handle_.get()) == connection_ok;
  }

  Result<void> plain(const char* text) {
    const int sent =
        pq_->PQsendQueryParams(handle_.get(), text, 0, nullptr, nullptr, nullptr, nullptr, 1);
    TRY(collect(sent));
    return {};
  }

  /// Under which name it is prepared, for values of these types.
  Result<std::string> prepared(std::string_view text, const Parameters& parameters) {
    const std::string key = concat(text, parameters.signature());
    if (const auto found = names_.find(key); found != names_.end()) return found->second;
    const std::string name = concat("s", names_.size());
    const std::string statement(text);
    const int sent = pq_->PQsendPrepare(handle_.get(), name.c_str(), statement.c_str(),
                                        parameters.count(), parameters.types.data());
    TRY(collect(sent));
    names_.emplace(key, name);
    return core::Result<std::string, Failure>(name);
  }

  /// Until the library has a whole result, or the connection is given up.
  Result<void> wait() {
    const auto start = os::now(os::Clock::Monotonic);
    for (;;) {
      const int unsent = pq_->PQflush(handle_.get());
      if (unsent < 0) return gone();
      if (unsent == 0 && pq_->PQisBusy(handle_.get()) == 0) return {};
      const auto now = os::now(os::Clock::Monotonic);
      const std::uint64_t spent = start && now ? *now - *start : patience;
      if (spent >= patience) {
        given_up_ = true;
        return lost("no answer in time");
      }
      std::array items{os::PollItem{pq_->PQsocket(handle_.get()),
                                    static_cast<short>(unsent != 0 ? POLLIN | POLLOUT : POLLIN),
                                    0}};
      const auto left = std::chrono::nanoseconds(static_cast<std::int64_t>(patience - spent));
      const auto ready = os::poll(items, left);
      if (!ready && ready.error() != os::Errno::Intr) return gone();
      if (items[0].revents != 0 && pq_->PQconsumeInput(handle_.get()) == 0) return gone();
    }
  }

  Failure gone() {
    given_up_ = true;
    return lost("the connection broke");
  }

  /// All that answers what was sent.
  Result<Rows> collect(int sent) {
    if (given_up_ || sent == 0) return gone();
    static_cast<void>(pq_->PQsetSingleRowMode(handle_.get()));
    Rows rows;
    std::size_t size = 0;
    std::optional<Failure> failure;
    for (;;) {
      TRY(wait());
      const Outcome outcome(pq_->PQgetResult(handle_.get()), Clearer{pq_.get()});
      if (outcome == nullptr) break;
      const int status = pq_->PQresultStatus(outcome.get());
      if (status == single_tuple && !failure) {
        if (rows.size() >= most_rows || size > most_bytes) {
          given_up_ = true;
          return broken("more rows than any statement of ours has");
        }
        auto row = row_of(*outcome, size);
        if (row) {
          rows.push_back(*std::move(row));
        } else {
          failure = std::move(row.error());
        }
      } else if (status == command_ok) {
        tag_ = pq_->PQcmdStatus(outcome.get());
      } else if (status != single_tuple && status != tuples_ok && !failure) {
        failure = failure_of(*outcome);
      }
    }
    if (!is_whole() && !failure) return gone();
    if (failure) return *std::move(failure);
    return rows;
  }

  Result<Row> row_of(const pg_result& result, std::size_t& size) {
    Row row;
    const int columns = pq_->PQnfields(&result);
    for (int i = 0; i < columns; ++i) {
      if (pq_->PQgetisnull(&result, 0, i) != 0) {
        row.emplace_back();
        continue;
      }
      const auto length = static_cast<std::size_t>(pq_->PQgetlength(&result, 0, i));
      const std::string_view bytes(pq_->PQgetvalue(&result, 0, i), length);
      size += length;
      row.push_back(TRY(value_of(pq_->PQftype(&result, i), bytes)));
    }
    return row;
  }

  static Result<Value> value_of(unsigned type, std::string_view text) {
    const core::ByteView bytes = core::as_bytes(text);
    const auto is_number = [&](unsigned wanted, std::size_t size) {
      return type == wanted && bytes.size() == size;
    };
    if (is_number(type_int8, 8) || is_number(type_int4, 4) || is_number(type_int2, 2)) {
      return Value(big_endian(bytes));
    }
    if (type == type_text || type == type_varchar) return Value(std::string(text));
    if (type == type_bytea) return Value(Bytes(bytes.begin(), bytes.end()));
    return broken("a column of a type that no statement of ours has");
  }

  Failure failure_of(const pg_result& result) {
    const char* const state = pq_->PQresultErrorField(&result, sqlstate_field);
    if (state == nullptr) return gone();  // it is the library's own word
    const char* const message = pq_->PQresultErrorField(&result, message_field);
    const std::string_view code(state);
    const Failure::Kind kind = kind_of(code);
    if (message == nullptr || may_quote_values(code)) {
      return {kind,
              concat("PostgreSQL: a statement failed (SQLSTATE ", base::printable(code), ")")};
    }
    return {kind, concat("PostgreSQL: ", base::printable(message), " (SQLSTATE ",
                         base::printable(code), ")")};
  }

  std::shared_ptr<const Libpq> pq_;
  Handle handle_;
  std::map<std::string, std::string> names_;  ///< of statements with their types
  std::string tag_;                           ///< of the last command
  bool writes_ = false;
  bool waits_ = false;  ///< it has the lock of those that wait for each other
  bool given_up_ = false;
};

/// The settings of a URL.
Result<Options> parse(const Libpq& pq, const std::string& url) {
  char* why = nullptr;
  Options options(pq.PQconninfoParse(url.c_str(), &why), OptionsFreer{&pq});
  // Its words may quote a password that stands in the wrong place.
  if (why != nullptr) pq.PQfreemem(why);
  if (!is_postgres_url(url) || options == nullptr) {
    return broken("no URL of the form postgresql://USER@HOST[:PORT]/DATABASE");
  }
  return options;
}

std::string_view setting(const Options& options, std::string_view name) noexcept {
  for (const PqOption* each = options.get(); each->keyword != nullptr; ++each) {
    if (name == each->keyword && each->value != nullptr) return each->value;
  }
  return {};
}

/// A server's notices, which libpq would print.
void ignore_notice(void* /*context*/, const pg_result* /*notice*/) {}

}  // namespace

bool is_postgres_url(std::string_view text) noexcept {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

Result<bool> holds_password(const std::string& url) {
  const auto pq = TRY(Libpq::load());
  const Options options = TRY(parse(*pq, url));
  return !setting(options, "password").empty() || !setting(options, "sslpassword").empty();
}

Result<std::unique_ptr<Connection>> connect_postgres(const std::string& url) {
  constexpr int oldest = 150'000;
  const auto pq = TRY(Libpq::load());
  const Options options = TRY(parse(*pq, url));
  // What stands in front of the URL it can change, what stands behind it not.
  // libpq by itself would tell a password to whoever answers.
  const char* const environment = std::getenv("PGSSLMODE");
  const char* const trust = environment != nullptr ? environment : "verify-full";
  constexpr auto names = std::array{
      "connect_timeout",  "application_name",    "keepalives_idle", "keepalives_interval",
      "keepalives_count", "tcp_user_timeout",    "sslmode",         "dbname",
      "client_encoding",  "target_session_attrs"};
  const std::array<const char*, names.size()> values{
      "10", "merlon", "30", "10", "3", "60000", trust, url.c_str(), "UTF8", "read-write"};
  std::array<const char*, names.size() + 1> all_names{};
  std::array<const char*, names.size() + 1> all_values{};
  std::ranges::copy(names, all_names.begin());
  std::ranges::copy(values, all_values.begin());
  Handle handle(pq->PQconnectdbParams(all_names.data(), all_values.data(), 1), Finisher{pq});
  if (handle == nullptr) return lost("no memory");
  static_cast<void>(pq->PQsetNoticeReceiver(handle.get(), &ignore_notice, nullptr));
  if (pq->PQstatus(handle.get()) != connection_ok) {
    const std::string_view why = pq->PQerrorMessage(handle.get());
    for (const char* secret : {"password", "sslpassword"}) {
      const std::string_view value = setting(options, secret);
      if (!value.empty() && why.find(value) != std::string_view::npos) return lost("no connection");
    }
    std::string line;
    for (const char c : why.substr(0, why.find_last_not_of('\n') + 1)) {
      line += c == '\n' ? "; " : std::string(1, c);
    }
    constexpr std::size_t longest = 400;
    return lost(base::printable(line, longest));
  }
  if (pq->PQserverVersion(handle.get()) < oldest) return broken("the server is older than 15");
  static_cast<void>(pq->PQsetnonblocking(handle.get(), 1));
  auto connection = std::make_unique<Postgres>(pq, std::move(handle));
  TRY(connection->set_up());
  return std::unique_ptr<Connection>(std::move(connection));
}

}  // namespace merlon::database
