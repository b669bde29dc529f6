#include "merlon/steward/issuance_log.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "merlon/base/text.h"
#include "merlon/os/file.h"
#include "merlon/os/open.h"
#include "merlon/steward/log_record.h"

namespace merlon::steward {

using base::concat;
using core::Result;
using core::Unexpected;

std::string LogFault::text(const std::string& path) const {
  const std::string place = line == 0 ? std::string() : concat("line ", line, ": ");
  return concat(base::printable(path), ": the issuance log: ", place, what);
}

namespace {

Unexpected<LogFault> fault(std::uint64_t line, std::string what) {
  return Unexpected<LogFault>({line, std::move(what)});
}

/// Follows a log from its start.
class Follower {
 public:
  /// Takes the whole lines of `text`; gives how many bytes these were.
  Result<std::size_t, LogFault> take(std::string_view text) {
    std::size_t taken = 0;
    for (;;) {
      const std::size_t end = text.find('\n', taken);
      if (end == std::string_view::npos) break;
      auto hash =
          check_record(text.substr(taken, end - taken), summary_.records + 1, summary_.last);
      if (!hash) return fault(summary_.records + 1, std::move(hash.error()));
      summary_.last = *hash;
      ++summary_.records;
      taken = end + 1;
    }
    return taken;
  }

  [[nodiscard]] LogSummary& summary() noexcept { return summary_; }

 private:
  LogSummary summary_;
};

Result<LogSummary, LogFault> follow(os::BorrowedFd file) {
  constexpr std::size_t chunk = 256UL * 1024;
  Follower follower;
  std::string pending;
  for (std::uint64_t offset = 0;;) {
    const std::size_t before = pending.size();
    pending.resize(before + chunk);
    const std::array<::iovec, 1> into{{{pending.data() + before, chunk}}};
    const auto count = os::read_at(file, into, offset);
    if (!count && count.error() == os::Errno::Intr) {
      pending.resize(before);
      continue;
    }
    if (!count) return fault(0, concat("cannot be read: ", os::describe(count.error())));
    pending.resize(before + *count);
    if (*count == 0) break;
    offset += *count;
    const std::size_t taken = TRY(follower.take(pending));
    pending.erase(0, taken);
    if (pending.size() >= max_record_size) {
      return fault(follower.summary().records + 1, "is no record of this log");
    }
  }
  follower.summary().torn = pending.size();
  return follower.summary();
}

}  // namespace

Result<LogSummary, LogFault> verify_log(const std::string& path) {
  const auto file = os::open_file(path);
  if (!file) return fault(0, concat("cannot be read: ", os::describe(file.error())));
  return follow(*file);
}

/// Threads add their lines one after the other; one of those that wait for the disk asks it, for
/// all that were added until then.
class IssuanceLog::Writer {
 public:
  Writer(std::string path, os::Fd file, const LogSummary& summary, std::string note)
      : path_(std::move(path)),
        note_(std::move(note)),
        file_(std::move(file)),
        records_(summary.records),
        last_(summary.last),
        synced_(summary.records) {}

  Result<void, std::string> append(std::span<const Issuance> issuances, codec::UnixTime time) {
    std::unique_lock lock(mutex_);
    if (broken_) return failed("is not written to after an error; start anew");
    std::string lines;
    std::uint64_t number = records_;
    crypto::Sha256Digest last = last_;
    for (const Issuance& each : issuances) {
      const LogRecord record = make_record(each, time, ++number, last);
      last = record.hash;
      lines += record.line;
    }
    if (const auto written = os::write_all(file_, core::as_bytes(lines)); !written) {
      return break_off(concat("cannot be written: ", os::describe(written.error())));
    }
    records_ = number;
    last_ = last;
    return wait_for_disk(lock, number);
  }

  [[nodiscard]] const std::string& note() const noexcept { return note_; }
  [[nodiscard]] std::uint64_t records() const {
    const std::scoped_lock lock(mutex_);
    return records_;
  }
  [[nodiscard]] crypto::Sha256Digest last() const {
    const std::scoped_lock lock(mutex_);
    return last_;
  }
  [[nodiscard]] std::uint64_t syncs() const {
    const std::scoped_lock lock(mutex_);
    return syncs_;
  }

 private:
  Unexpected<std::string> failed(std::string_view why) const {
    return Unexpected<std::string>(concat(base::printable(path_), ": the issuance log ", why));
  }
  Unexpected<std::string> break_off(std::string_view why) {
    broken_ = true;
    waiting_.notify_all();
    return failed(why);
  }

  Result<void, std::string> wait_for_disk(std::unique_lock<std::mutex>& lock,
                                          std::uint64_t number) {
    while (synced_ < number) {
      if (broken_) return failed("could not be brought to the disk");
      if (syncing_) {
        waiting_.wait(lock);
        continue;
      }
      syncing_ = true;
      const std::uint64_t until = records_;
      lock.unlock();
      const auto done = os::sync_data(file_);
      lock.lock();
      syncing_ = false;
      ++syncs_;
      // The disk may have dropped what it could not write, and would not say so again.
      if (!done) {
        return break_off(concat("cannot be brought to the disk: ", os::describe(done.error())));
      }
      synced_ = until;
      waiting_.notify_all();
    }
    return {};
  }

  std::string path_;
  std::string note_;
  os::Fd file_;
  mutable std::mutex mutex_;
  std::condition_variable waiting_;
  std::uint64_t records_;
  crypto::Sha256Digest last_;
  std::uint64_t synced_;  ///< records that are on the disk
  std::uint64_t syncs_ = 0;
  bool syncing_ = false;
  bool broken_ = false;
};

Result<IssuanceLog, std::string> IssuanceLog::open(std::string path) {
  const auto failed = [&](std::string_view why) {
    return Unexpected<std::string>(LogFault{0, std::string(why)}.text(path));
  };
  auto file = os::open_record(path);
  if (!file) return failed(concat("cannot be opened: ", os::describe(file.error())));
  if (const auto locked = os::try_lock(*file); !locked) {
    return failed(locked.error() == os::Errno::Again
                      ? std::string("another process has it")
                      : concat("cannot be locked: ", os::describe(locked.error())));
  }
  const auto summary = follow(*file);
  if (!summary) return Unexpected<std::string>(summary.error().text(path));
  std::string note;
  if (summary->torn > 0) {
    const auto status = os::status(*file);
    if (!status) return failed(os::describe(status.error()));
    if (const auto cut = os::resize(*file, status->size - summary->torn); !cut) {
      return failed(concat("cannot be cut: ", os::describe(cut.error())));
    }
    note = LogFault{summary->records + 1,
                    concat("a record that was not finished was cut off, ", summary->torn,
                           " bytes; no certificate of it ever left")}
               .text(path);
  }
  // The file's name too must be there after a crash.
  if (const auto synced = os::sync_directory_of(path); !synced) {
    return failed(concat("cannot be brought to the disk: ", os::describe(synced.error())));
  }
  return IssuanceLog(
      std::make_shared<Writer>(std::move(path), *std::move(file), *summary, std::move(note)));
}

Result<void, std::string> IssuanceLog::append(std::span<const Issuance> issuances,
                                              codec::UnixTime time) {
  if (issuances.empty()) return {};
  return writer_->append(issuances, time);
}

const std::string& IssuanceLog::note() const noexcept { return writer_->note(); }
std::uint64_t IssuanceLog::records() const { return writer_->records(); }
crypto::Sha256Digest IssuanceLog::last() const { return writer_->last(); }
std::uint64_t IssuanceLog::syncs() const { return writer_->syncs(); }

}  // namespace merlon::steward
