#pragma once

// SQLite: a database in one file, with nothing to install. Several processes of one machine may
// have it open.

#include <memory>
#include <string>

#include "merlon/database/database.h"

namespace merlon::database {

/// Of the file at `path`, which is made if it is not there; "file::memory:"-names are not taken.
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_sqlite(const std::string& path);

/// Of the same file, which must be there. Reads memory that all who have it open share, and behind
/// a change a page that was written just then.
[[nodiscard]] Result<std::unique_ptr<Watch>> watch_sqlite(const std::string& path);

/// Copies the whole database at `from`, as it is at one moment, into a new file `to`, beside
/// whoever uses it.
[[nodiscard]] Result<void> back_up_sqlite(const std::string& from, const std::string& to);

}  // namespace merlon::database
