#include "merlon/steward_service/records.h"

#include <filesystem>

#include "merlon/base/text.h"
#include "merlon/os/open.h"
#include "merlon/steward/issuance_log.h"
#include "merlon/steward/memory_store.h"

namespace merlon::steward_service {

using base::concat;

namespace {

constexpr std::string_view log_name = "issued.log";
constexpr std::string_view memory_name = "seen.json";

std::string joined(const std::string& directory, std::string_view name) {
  return concat(directory, directory.ends_with('/') ? "" : "/", name);
}

/// In a directory of the Steward's own.
class KeptRecords final : public Records {
 public:
  KeptRecords(steward::MemoryStore memory, steward::IssuanceLog log,
              std::function<codec::UnixTime()> now)
      : memory_(std::move(memory)), log_(std::move(log)), now_(std::move(now)) {}

  [[nodiscard]] verify::Memory memory() const override { return memory_.memory(); }
  [[nodiscard]] core::Result<void, std::string> learn(const verify::Memory& seen) override {
    return memory_.learn(seen);
  }
  [[nodiscard]] core::Result<void, std::string> keep(const steward::Certified& certified) override {
    TRY(memory_.learn(certified.seen));
    return log_.append(certified.issuances, now_());
  }
  [[nodiscard]] std::optional<LogState> log() const override {
    return LogState{log_.records(), base::hex(log_.last().view()), log_.note()};
  }

 private:
  steward::MemoryStore memory_;
  steward::IssuanceLog log_;
  std::function<codec::UnixTime()> now_;
};

}  // namespace

core::Result<std::unique_ptr<Records>, std::string> open_records(
    const std::string& directory, std::function<codec::UnixTime()> now) {
  if (directory.empty()) return std::unique_ptr<Records>(std::make_unique<ShortMemory>());
  // Nobody else has anything to look for there, nor to put there.
  if (const auto made = os::make_lasting_directory(directory); !made) {
    return concat(base::printable(directory), ": cannot be made: ", os::describe(made.error()));
  }
  auto memory = TRY(steward::MemoryStore::open(joined(directory, memory_name)));
  auto log = TRY(steward::IssuanceLog::open(joined(directory, log_name)));
  return std::unique_ptr<Records>(
      std::make_unique<KeptRecords>(std::move(memory), std::move(log), std::move(now)));
}

std::string log_path(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error) ? joined(path, log_name) : path;
}

}  // namespace merlon::steward_service
