// Drives SQLite through inserts, index builds, joins, updates, deletes and a final integrity check,
// and prints every figure and a checksum over every row it read. Same output on every machine.
//   driver [:memory:|FILE ROWS]      without arguments: :memory: 150000, the benchmark
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sqlite3.h"

enum { city_count = 97, rows_per_transaction = 5000, max_rows = 10000000, benchmark_rows = 150000, note_size = 24 };

// xorshift64*: the workload must not depend on the C library's generator.
static uint64_t random_state = 0x9e3779b97f4a7c15U;

static uint64_t next_random(void) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return random_state * 0x2545f4914f6cdd1dU;
}

static void check(sqlite3 *database, int status, const char *what) {
  if (status == SQLITE_OK || status == SQLITE_DONE || status == SQLITE_ROW) return;
  fprintf(stderr, "driver: %s: %s\n", what, sqlite3_errmsg(database));
  exit(1);
}

static void run(sqlite3 *database, const char *sql) {
  check(database, sqlite3_exec(database, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
  sqlite3_stmt *statement = NULL;
  check(database, sqlite3_prepare_v2(database, sql, -1, &statement, NULL), sql);
  return statement;
}

static uint64_t add_to_checksum(uint64_t checksum, const void *bytes, size_t size) {
  const unsigned char *at = bytes;
  for (size_t i = 0; i < size; ++i) checksum = (checksum ^ at[i]) * 0x100000001b3U;
  return checksum;
}

// Prints the name, the number of rows, the first row as text and the checksum over all of them.
static void report(sqlite3 *database, const char *name, const char *sql) {
  sqlite3_stmt *statement = prepare(database, sql);
  uint64_t checksum = 0xcbf29ce484222325U;
  unsigned long rows = 0;
  char first[256] = "";
  int status = sqlite3_step(statement);
  for (; status == SQLITE_ROW; status = sqlite3_step(statement), ++rows) {
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const void *text = sqlite3_column_text(statement, column);
      const size_t size = (size_t)sqlite3_column_bytes(statement, column);
      checksum = add_to_checksum(checksum, text, size);
      checksum = add_to_checksum(checksum, "|", 1);
      const size_t used = strlen(first);
      if (rows == 0 && text != NULL) {
        snprintf(first + used, sizeof first - used, " %s", (const char *)text);
      }
    }
  }
  check(database, status, sql);
  sqlite3_finalize(statement);
  printf("%-10s %7lu rows %016llx%s\n", name, rows, (unsigned long long)checksum, first);
}

static void create_tables(sqlite3 *database) {
  run(database, "CREATE TABLE city(id INTEGER PRIMARY KEY, name TEXT NOT NULL, tax REAL)");
  run(database,
      "CREATE TABLE account(id INTEGER PRIMARY KEY, owner TEXT NOT NULL, city INTEGER NOT NULL"
      " REFERENCES city(id), cents INTEGER NOT NULL, note BLOB)");
  sqlite3_stmt *insert = prepare(database, "INSERT INTO city VALUES(?1, ?2, ?3)");
  for (int city = 0; city < city_count; ++city) {
    char name[32];
    snprintf(name, sizeof name, "city-%03d", (city * 31) % city_count);
    sqlite3_bind_int(insert, 1, city);
    sqlite3_bind_text(insert, 2, name, -1, SQLITE_TRANSIENT);
    sqlite3_bind_double(insert, 3, (double)(city % 16) / 64.0);
    check(database, sqlite3_step(insert), "insert city");
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
}

static void insert_accounts(sqlite3 *database, int rows) {
  sqlite3_stmt *insert = prepare(database, "INSERT INTO account VALUES(?1, ?2, ?3, ?4, ?5)");
  for (int row = 0; row < rows; ++row) {
    if (row % rows_per_transaction == 0) run(database, row == 0 ? "BEGIN" : "COMMIT; BEGIN");
    const uint64_t random = next_random();
    char owner[40];
    snprintf(owner, sizeof owner, "owner-%08llx", (unsigned long long)(random >> 32));
    unsigned char note[note_size];
    for (int i = 0; i < note_size; ++i) note[i] = (unsigned char)(random >> (i % 8 * 8));
    sqlite3_bind_int(insert, 1, row + 1);
    sqlite3_bind_text(insert, 2, owner, -1, SQLITE_TRANSIENT);
    sqlite3_bind_int(insert, 3, (int)(random % city_count));
    sqlite3_bind_int64(insert, 4, (sqlite3_int64)(random % 1000000U) - 200000);
    sqlite3_bind_blob(insert, 5, note, (int)(random % (note_size + 1)), SQLITE_TRANSIENT);
    check(database, sqlite3_step(insert), "insert account");
    sqlite3_reset(insert);
  }
  run(database, "COMMIT");
  sqlite3_finalize(insert);
}

static void query(sqlite3 *database) {
  report(database, "totals",
         "SELECT count(*), sum(cents), min(owner), max(owner), sum(length(note)) FROM account");
  report(database, "by-city",
         "SELECT c.name, count(*), sum(a.cents), round(avg(a.cents) * (1 + c.tax), 6) FROM account a"
         " JOIN city c ON c.id = a.city GROUP BY c.id ORDER BY c.name");
  report(database, "richest",
         "SELECT id, owner, cents FROM account ORDER BY cents DESC, id LIMIT 1000");
  report(database, "prefix",
         "SELECT owner, id FROM account WHERE owner BETWEEN 'owner-4' AND 'owner-48' ORDER BY owner");
  report(database, "like", "SELECT count(*), sum(id) FROM account WHERE owner LIKE '%beef%'");
  report(database, "primes",
         "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
         " SELECT i FROM n a WHERE NOT EXISTS"
         " (SELECT 1 FROM n b WHERE b.i * b.i <= a.i AND a.i % b.i = 0)");
}

static void change(sqlite3 *database) {
  run(database, "BEGIN");
  run(database, "UPDATE account SET cents = cents * 2 + id WHERE city % 7 = 3");
  run(database, "DELETE FROM account WHERE cents < 0 AND city % 5 = 1");
  run(database, "INSERT INTO account SELECT id + 20000000, upper(owner), city, -cents, NULL"
                " FROM account WHERE id % 10 = 0");
  run(database, "COMMIT");
  run(database, "BEGIN; DELETE FROM account; ROLLBACK");
}

int main(int argument_count, char **arguments) {
  const bool is_benchmark = argument_count <= 1;
  const char *file = is_benchmark ? ":memory:" : arguments[1];
  const int rows = is_benchmark ? benchmark_rows : argument_count == 3 ? atoi(arguments[2]) : 0;
  if (rows <= 0 || rows > max_rows) {
    fprintf(stderr, "usage: driver [:memory:|FILE ROWS] (at most %d)\n", max_rows);
    return 2;
  }
  sqlite3 *database = NULL;
  check(database, sqlite3_open(file, &database), file);
  printf("SQLite %s, %d rows\n", sqlite3_libversion(), rows);
  create_tables(database);
  insert_accounts(database, rows);
  run(database, "CREATE INDEX account_owner ON account(owner)");
  run(database, "CREATE INDEX account_city ON account(city, cents)");
  query(database);
  change(database);
  query(database);
  report(database, "integrity", "PRAGMA integrity_check");
  check(database, sqlite3_close(database), "close");
  return 0;
}
