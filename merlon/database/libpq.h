#pragma once

// Private to the room: as much of PostgreSQL's client library as postgres.cc calls [LIBPQ 15]. It
// is looked for when a PostgreSQL database is asked for and not before, so that who keeps a
// registry in a folder has nothing to install.

#include <memory>
#include <string>

#include "merlon/database/database.h"

// The library's own names of its objects.
struct pg_conn;
struct pg_result;

namespace merlon::database {

/// PQconninfoOption: one setting that a URL may hold.
struct PqOption {
  char* keyword;
  char* environment;
  char* compiled;
  char* value;
  char* label;
  char* shown_as;
  int shown_size;
};

// name, result, parameters
#define MERLON_LIBPQ_CALLS(CALL)                                                                 \
  CALL(PQconnectdbParams, pg_conn*, (const char* const*, const char* const*, int))               \
  CALL(PQconninfoParse, PqOption*, (const char*, char**))                                        \
  CALL(PQconninfoFree, void, (PqOption*))                                                        \
  CALL(PQfreemem, void, (void*))                                                                 \
  CALL(PQfinish, void, (pg_conn*))                                                               \
  CALL(PQstatus, int, (const pg_conn*))                                                          \
  CALL(PQtransactionStatus, int, (const pg_conn*))                                               \
  CALL(PQserverVersion, int, (const pg_conn*))                                                   \
  CALL(PQerrorMessage, char*, (const pg_conn*))                                                  \
  CALL(PQsocket, int, (const pg_conn*))                                                          \
  CALL(PQsetnonblocking, int, (pg_conn*, int))                                                   \
  CALL(PQsetNoticeReceiver, void*, (pg_conn*, void (*)(void*, const pg_result*), void*))         \
  CALL(PQsendPrepare, int, (pg_conn*, const char*, const char*, int, const unsigned*))           \
  CALL(PQsendQueryPrepared, int,                                                                 \
       (pg_conn*, const char*, int, const char* const*, const int*, const int*, int))            \
  CALL(PQsendQueryParams, int,                                                                   \
       (pg_conn*, const char*, int, const unsigned*, const char* const*, const int*, const int*, \
        int))                                                                                    \
  CALL(PQsetSingleRowMode, int, (pg_conn*))                                                      \
  CALL(PQflush, int, (pg_conn*))                                                                 \
  CALL(PQconsumeInput, int, (pg_conn*))                                                          \
  CALL(PQisBusy, int, (pg_conn*))                                                                \
  CALL(PQgetResult, pg_result*, (pg_conn*))                                                      \
  CALL(PQresultStatus, int, (const pg_result*))                                                  \
  CALL(PQresultErrorField, char*, (const pg_result*, int))                                       \
  CALL(PQcmdStatus, char*, (pg_result*))                                                         \
  CALL(PQntuples, int, (const pg_result*))                                                       \
  CALL(PQnfields, int, (const pg_result*))                                                       \
  CALL(PQftype, unsigned, (const pg_result*, int))                                               \
  CALL(PQgetisnull, int, (const pg_result*, int, int))                                           \
  CALL(PQgetlength, int, (const pg_result*, int, int))                                           \
  CALL(PQgetvalue, char*, (const pg_result*, int, int))                                          \
  CALL(PQclear, void, (pg_result*))

struct Libpq {
#define MERLON_LIBPQ_MEMBER(name, result, parameters) result(*name) parameters = nullptr;
  MERLON_LIBPQ_CALLS(MERLON_LIBPQ_MEMBER)
#undef MERLON_LIBPQ_MEMBER

  static constexpr const char* usual = "libpq.so.5";
  /// Stays loaded. Unavailable: it is not installed.
  [[nodiscard]] static Result<std::shared_ptr<const Libpq>> load(const char* file = usual);
};

}  // namespace merlon::database
