#pragma once

// A PostgreSQL 15 of the test's own, on a socket in a scratch folder; it ends with the test.

#include <string>

#include <sys/types.h>

namespace merlon::database::testing {

class PostgresServer {
 public:
  /// One for the whole program; null: PostgreSQL 15 is not installed (Debian: postgresql-15).
  [[nodiscard]] static PostgresServer* shared();

  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  /// Of tables that nobody else has. `folder`: where its socket is, if not the server's own.
  [[nodiscard]] std::string url(const std::string& schema, const std::string& folder = {}) const;
  /// Of a new name, whose schema is made.
  [[nodiscard]] std::string new_url();
  [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
  /// Ends all that it does at once, as a crash would, and starts it again.
  void restart();

 private:
  PostgresServer() = default;
  void start();
  void stop(int signal);

  std::string folder_;
  ::pid_t process_ = -1;
  int schemas_ = 0;
};

}  // namespace merlon::database::testing
