#pragma once

// PostgreSQL 15: a database that several machines share [LIBPQ 15]. The server is believed as far
// as any database here is: what it gives is bounded, of known types, and checked by who reads it.

#include <memory>
#include <string>
#include <string_view>

#include "merlon/database/database.h"

namespace merlon::database {

/// "postgresql://…" or "postgres://…".
[[nodiscard]] bool is_postgres_url(std::string_view text) noexcept;

/// Whether a password stands in it. Broken: it is no URL that libpq takes; the text has nothing of
/// it, since a password may be in the wrong place. Unavailable: libpq is not installed.
[[nodiscard]] Result<bool> holds_password(const std::string& url);

/// To the database of that URL, with all settings that libpq knows (sslmode, sslrootcert, hosts
/// with commas …); what the URL leaves open, PGPASSFILE and libpq's other variables say. Only a
/// server that takes writes will do: what a copy of it has not heard of yet would look like
/// nobody's.
///
/// Transactions that write are SERIALIZABLE, those that read see one moment. A statement may take a
/// minute. commit() of one that writes gives Unknown where the connection broke before the answer:
/// it stands or does not, and nobody can say which; the same again must be harmless.
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_postgres(const std::string& url);

}  // namespace merlon::database
