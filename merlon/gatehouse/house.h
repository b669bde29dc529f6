#pragma once

// All keeps of a gatehouse: a folder for each, below one that only this user reads. Nothing of them
// is held in memory but which are being started, so that a gatehouse that was killed finds them
// again. Any thread.

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "merlon/gatehouse/control.h"
#include "merlon/gatehouse/control_groups.h"
#include "merlon/gatehouse/keep_folder.h"
#include "merlon/host/volume_folder.h"

namespace merlon::gatehouse {

/// Why something is not done, as HTTP tells it.
struct Refusal {
  unsigned status = 500;
  std::string code;  ///< stable, for programs: "keep.unknown"
  std::string what;  ///< a sentence
};
template <typename T>
using Result = core::Result<T, Refusal>;

/// This machine cannot tell or do something now, such as for want of open files. Never that
/// something is not there.
[[nodiscard]] Refusal busy(os::Errno trouble);
/// A line of this machine's as a tenant is told it: where its files lie is nothing to him.
[[nodiscard]] std::string without_paths(std::string_view line);
/// What is asked of a keep that is being started.
[[nodiscard]] Refusal not_yet();

/// One of those that there are.
struct KnownKeep {
  KeepRecord record;
  KeepFolder folder;
  KeepState state = KeepState::Lost;
};

/// What is left of a keep that has ended: since when, and how much.
struct Remains {
  const KnownKeep* keep = nullptr;
  std::filesystem::file_time_type since;
  std::uint64_t bytes = 0;
};

/// What whoever runs the gatehouse is told, and no tenant: it may name files.
struct HouseNote {
  std::string_view event;  ///< stable, for programs: "keep.forgotten"
  std::string keep;        ///< its id
  std::string what;        ///< a line
};

struct HouseSettings {
  std::string folder;
  std::string simulator;                ///< the platform of backend snp-sim
  std::string simulator_sgx;            ///< that of sgx-sim
  std::vector<host::Backend> backends;  ///< that tenants may ask for
  std::size_t keeps_per_tenant = 16;    ///< that have not ended
  std::size_t keeps = 256;
  /// What stays of a tenant's keeps that have ended, when he starts another: the oldest ends are
  /// forgotten first. What running ones leave comes on top, and that is bounded for each.
  std::size_t ended_per_tenant = 64;
  std::uint64_t ended_bytes = std::uint64_t{1} << 30U;  ///< of all files of these
  /// The same of all tenants: the oldest of whoever has left the most are forgotten.
  std::size_t all_ended = 1024;
  std::uint64_t all_ended_bytes = std::uint64_t{16} << 30U;
  std::size_t volumes_per_tenant = 16;
  std::size_t all_volumes = 256;
  std::uint64_t volume_bytes = 0;  ///< that each may hold; 0: host::VolumeLimits
  ControlGroups groups{};
  GroupLimits limits{};        ///< of one keep
  bool reaches_local = false;  ///< whether workloads may connect with this machine itself
  std::string warden{};        ///< its program; empty: merlon-warden beside this one
  std::function<void(const HouseNote&)> note{};  ///< if anybody is to be told; any thread
};

class House {
 public:
  explicit House(HouseSettings settings) noexcept : settings_(std::move(settings)) {}

  /// Makes the folder if it is not there. The error is a line.
  [[nodiscard]] core::Result<void, std::string> open() const;

  /// A new keep that has answered the challenge. Waits for it.
  [[nodiscard]] Result<KeepFolder> start(const std::string& tenant, const KeepRequest& request,
                                         const std::string& made);

  /// That of the tenant with this id; others' are unknown to him.
  [[nodiscard]] Result<KeepFolder> find(const std::string& tenant, std::string_view id) const;
  [[nodiscard]] Result<KeepState> state(const KeepFolder& keep) const;
  /// All of the tenant, or of everybody: refused where one of them cannot be told.
  [[nodiscard]] Result<std::vector<KnownKeep>> list(const std::string& tenant) const;
  [[nodiscard]] Result<std::vector<KnownKeep>> list() const;

  /// Takes away all that is known of a keep that has ended.
  [[nodiscard]] Result<void> forget(const KeepFolder& keep) const;

  /// The tenant's; others' are unknown to him.
  [[nodiscard]] std::vector<host::KeptVolume> volumes(const std::string& tenant) const;
  /// Takes away all that it holds; refused while a keep has it.
  [[nodiscard]] Result<void> remove_volume(const std::string& tenant, std::string_view name) const;

 private:
  [[nodiscard]] Result<std::vector<KeepRecord>> records() const;
  [[nodiscard]] Result<std::vector<KnownKeep>> known(std::vector<KeepRecord> records) const;
  /// Takes a place that must be given back; refuses where there is none.
  [[nodiscard]] Result<void> take_place(const std::string& id, const std::string& tenant);
  void give_place_back(const std::string& id);
  /// Forgets what this tenant, and what all, may not have any more of those that have ended.
  void forget_oldest(const std::string& tenant, const std::vector<KnownKeep>& all) const;
  void forget_one(const Remains& remains, std::string_view for_what) const;
  void note(HouseNote note) const {
    if (settings_.note) settings_.note(note);
  }
  [[nodiscard]] std::map<std::string, std::string> starting() const;
  [[nodiscard]] Result<KeepFolder> start_in_place(const KeepRecord& record,
                                                  const KeepRequest& request,
                                                  const std::string& volumes) const;
  /// Where this tenant's volumes lie.
  [[nodiscard]] std::string volumes_of(const std::string& tenant) const;
  /// Takes a place for a volume that a start may make, which must be given back; refuses one more
  /// than he may have.
  [[nodiscard]] Result<void> take_volume(const std::string& tenant, const std::string& name);
  /// Of all tenants, each with the folder of its tenant.
  [[nodiscard]] Result<std::set<std::pair<std::string, std::string>>> all_volumes() const;
  void give_volume_back(const std::string& tenant, const std::string& name);
  /// Makes the keep's folder, and its control groups.
  [[nodiscard]] core::Result<void, std::string> prepare(const KeepFolder& folder,
                                                        const KeepRecord& record,
                                                        const KeepRequest& request) const;
  /// Also ends its warden, if there is or will be one after all.
  void remove(const KeepFolder& folder) const;
  [[nodiscard]] KeepFolder folder_of(std::string_view id) const;

  HouseSettings settings_;
  /// Looking at each file of a tenant's volumes takes long if he wants it to: one at a time does.
  mutable std::mutex volumes_mutex_;
  mutable std::mutex starting_volumes_mutex_;
  /// By tenant and name, once for each start under way: its warden has not made them yet.
  std::multiset<std::pair<std::string, std::string>> starting_volumes_;
  /// Held by who counts keeps for a new one; nobody else waits for it.
  std::mutex places_mutex_;
  mutable std::mutex mutex_;
  /// By id, whose those are that have no proof yet: starting one may take long, and must hold up
  /// nobody. Their wardens do not listen yet, so that their folders look like those of lost ones.
  std::map<std::string, std::string> starting_;
};

}  // namespace merlon::gatehouse
