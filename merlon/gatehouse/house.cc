#include "merlon/gatehouse/house.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>

#include "merlon/base/text.h"
#include "merlon/crypto/hash.h"
#include "merlon/host/programs.h"
#include "merlon/launch/readiness.h"
#include "merlon/os/channel.h"
#include "merlon/os/poll.h"
#include "merlon/os/process.h"
#include "merlon/os/random.h"

namespace merlon::gatehouse {

using base::concat;

namespace {

constexpr std::chrono::seconds start_limit{90};

core::Result<std::string, std::string> new_id() {
  std::array<std::uint8_t, 16> bytes{};
  if (!os::fill_random(bytes)) return core::Unexpected<std::string>("no random numbers");
  return base::hex(bytes);
}

core::Result<void, std::string> make_private_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_all,
                                 std::filesystem::perm_options::replace, error);
  }
  if (error) return concat(base::printable(path), ": ", error.message());
  return {};
}

/// Starts a warden, and waits for its word. The error is a line.
core::Result<void, std::string> start_warden(const KeepFolder& folder, const std::string& volumes,
                                             const HouseSettings& settings, host::Backend backend) {
  using Program = core::Result<std::string, host::HostError>;
  const auto program =
      settings.warden.empty() ? host::find_program("merlon-warden") : Program(settings.warden);
  if (!program) return program.error().text;
  auto channel = os::open_channel();
  if (!channel) return std::string(os::describe(channel.error()));
  const std::array words{
      std::string("merlon-warden"),
      folder.path(),
      volumes,
      std::to_string(settings.volume_bytes),
      backend == host::Backend::SgxSim ? settings.simulator_sgx : settings.simulator,
      std::string(settings.reaches_local ? "local" : "not-local")};
  const auto child = os::ChildProcess::spawn(*program, words, channel->there);
  if (!child) return concat(*program, ": ", os::describe(child.error()));
  channel->there.close();
  static_cast<void>(child->wait());  // it goes on in a process of its own
  std::array<os::PollItem, 1> items{{{os::BorrowedFd(channel->here).number(), POLLIN, 0}}};
  const auto ready = os::poll(items, start_limit);
  if (!ready || *ready == 0) return std::string("the keep does not start in time");
  const auto said = launch::receive_readiness(channel->here);
  if (!said) return std::string("the keep's warden ended without a word");
  if (!said->ready) return base::printable(said->text);
  return {};
}

/// What a keep's own programs need beside what its workload may take: the shim, the machine around
/// it, the module, and what its warden holds.
constexpr std::uint64_t own_memory = std::uint64_t{512} << 20U;

/// The gatehouse's limits, or the tenant's own where they are lower.
GroupLimits limits_of(const HouseSettings& settings, const KeepRequest& request) {
  GroupLimits limits = settings.limits;
  const std::uint64_t asked = request.offer.max_memory_bytes;
  constexpr std::uint64_t sensible = std::uint64_t{1} << 48U;
  if (asked == 0 || asked > sensible) return limits;
  const std::uint64_t own = asked + own_memory;
  if (limits.memory_bytes == 0 || own < limits.memory_bytes) limits.memory_bytes = own;
  return limits;
}

/// What is left of some keeps.
struct Left {
  std::vector<Remains> keeps;  ///< the oldest last
  std::size_t count = 0;
  std::uint64_t bytes = 0;

  void add(const Remains& remains) {
    keeps.push_back(remains);
    ++count;
    bytes += remains.bytes;
  }
  void drop(const Remains& remains) {
    --count;
    bytes -= remains.bytes;
  }
  [[nodiscard]] bool is_more(std::size_t most, std::uint64_t most_bytes) const noexcept {
    return count > most || bytes > most_bytes;
  }
  Remains take_oldest() {
    const Remains oldest = keeps.back();
    keeps.pop_back();
    drop(oldest);
    return oldest;
  }
};

Remains remains_of(const KnownKeep& keep) {
  std::error_code error;
  Remains remains{&keep, std::filesystem::file_time_type::min()};
  // A lost one has no end; what it said last is as good.
  for (const std::string_view file : {KeepFolder::end, KeepFolder::output, KeepFolder::record}) {
    const auto changed = std::filesystem::last_write_time(keep.folder.file(file), error);
    if (error) continue;
    remains.since = changed;
    break;
  }
  std::filesystem::directory_iterator entry(keep.folder.path(), error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code unknown;
    const std::uintmax_t size = entry->file_size(unknown);
    if (!unknown) remains.bytes += size;
  }
  return remains;
}

/// The one that a keep is to have; empty: none.
std::string volume_of(const KeepRequest& request) {
  const auto wish =
      std::ranges::find(request.offer.wishes, host::Wish::Kind::Volume, &host::Wish::kind);
  return wish == request.offer.wishes.end() ? std::string() : wish->host;
}

bool has_ended(KeepState state) noexcept {
  return state == KeepState::Ended || state == KeepState::Lost;
}

}  // namespace

Refusal busy(os::Errno trouble) {
  return {503, "house.busy", concat("the gatehouse cannot do this now: ", os::describe(trouble))};
}

std::string without_paths(std::string_view line) {
  std::string told;
  bool begins = true;  // a word
  while (!line.empty()) {
    if (begins && line.front() == '/') {
      line.remove_prefix(std::min(line.find_first_of(" :;,)]>\"'\n"), line.size()));
      told += "a file of the host's";
      continue;
    }
    begins = std::string_view(" ([<,\"'=:\n").find(line.front()) != std::string_view::npos &&
             !line.starts_with("://");
    told.push_back(line.front());
    line.remove_prefix(1);
  }
  return told;
}

Refusal not_yet() { return {409, "keep.starts", "the keep has not started yet"}; }

void House::remove(const KeepFolder& folder) const {
  // First the record: a warden that comes to listen only behind the question misses it and ends.
  folder.remove(KeepFolder::record);
  static_cast<void>(ask(folder.file(KeepFolder::control), {Verb::Stop, 0, {}}));
  settings_.groups.remove(folder.id());
  std::error_code error;
  std::filesystem::remove_all(folder.path(), error);
}

core::Result<void, std::string> House::prepare(const KeepFolder& folder, const KeepRecord& record,
                                               const KeepRequest& request) const {
  TRY(make_private_folder(folder.path()));
  TRY(folder.write(KeepFolder::record, to_json(record)));
  TRY(folder.write(KeepFolder::request, to_json(request)));
  const auto groups = TRY(settings_.groups.make(record.id, limits_of(settings_, request)));
  return folder.write(KeepFolder::groups, to_text(groups));
}

core::Result<void, std::string> House::open() const {
  settings_.groups.sweep();
  return make_private_folder(settings_.folder);
}

KeepFolder House::folder_of(std::string_view id) const {
  return KeepFolder(concat(settings_.folder, "/", id));
}

std::map<std::string, std::string> House::starting() const {
  const std::scoped_lock lock(mutex_);
  return starting_;
}

Result<void> House::take_place(const std::string& id, const std::string& tenant) {
  const std::scoped_lock places(places_mutex_);
  // Looked at first: one that is started meanwhile counts as starting, and none begins.
  const auto started = starting();
  std::size_t all = started.size();
  auto own = static_cast<std::size_t>(
      std::ranges::count_if(started, [&](const auto& each) { return each.second == tenant; }));
  const std::vector<KnownKeep> known = TRY(list());
  for (const KnownKeep& each : known) {
    if (has_ended(each.state)) continue;
    if (started.contains(each.record.id)) continue;
    ++all;
    if (each.record.tenant == tenant) ++own;
  }
  if (own >= settings_.keeps_per_tenant) {
    return Refusal{429, "quota.keeps",
                   concat("no tenant has more than ", settings_.keeps_per_tenant, " keeps here")};
  }
  if (all >= settings_.keeps) return Refusal{503, "house.full", "no more keeps run here"};
  forget_oldest(tenant, known);
  const std::scoped_lock lock(mutex_);
  starting_.emplace(id, tenant);
  return {};
}

void House::forget_one(const Remains& remains, std::string_view for_what) const {
  remove(remains.keep->folder);
  note({"keep.forgotten", remains.keep->record.id,
        concat("it ended, and made room for ", for_what, ": ", remains.bytes, " bytes")});
}

void House::forget_oldest(const std::string& tenant, const std::vector<KnownKeep>& all) const {
  std::map<std::string, Left> ended;
  Left sum;
  for (const KnownKeep& each : all) {
    if (!has_ended(each.state)) continue;
    const Remains remains = remains_of(each);
    ended[each.record.tenant].add(remains);
    sum.add(remains);
  }
  for (auto& [name, left] : ended) std::ranges::sort(left.keeps, std::greater(), &Remains::since);
  Left& own = ended[tenant];
  while (own.is_more(settings_.ended_per_tenant, settings_.ended_bytes)) {
    const Remains oldest = own.take_oldest();
    sum.drop(oldest);
    forget_one(oldest, "another of its tenant's");
  }
  // An issuer may have as many tenants as it likes. Whoever has left the most makes room.
  const auto has_more = [&](const auto& one, const auto& other) {
    const bool by_number = sum.count > settings_.all_ended;
    return by_number ? std::pair(one.second.count, one.second.bytes) <
                           std::pair(other.second.count, other.second.bytes)
                     : one.second.bytes < other.second.bytes;
  };
  while (sum.is_more(settings_.all_ended, settings_.all_ended_bytes)) {
    const Remains oldest = std::ranges::max_element(ended, has_more)->second.take_oldest();
    sum.drop(oldest);
    forget_one(oldest, "others, of whatever tenant");
  }
}

void House::give_place_back(const std::string& id) {
  const std::scoped_lock lock(mutex_);
  starting_.erase(id);
}

Result<KeepFolder> House::start(const std::string& tenant, const KeepRequest& request,
                                const std::string& made) {
  if (std::ranges::find(settings_.backends, request.backend) == settings_.backends.end()) {
    return Refusal{403, "backend.refused",
                   concat("backend ", host::name_of(request.backend), " is not offered here")};
  }
  const auto id = new_id();
  if (!id) return Refusal{500, "house.random", id.error()};
  TRY(take_place(*id, tenant));
  const std::string volume = volume_of(request);
  Result<KeepFolder> folder = folder_of(*id);
  if (const auto taken = take_volume(tenant, volume); !taken) {
    folder = taken.error();
  } else {
    folder = start_in_place({*id, tenant, made, request.backend}, request, volumes_of(tenant));
    give_volume_back(tenant, volume);
  }
  give_place_back(*id);
  return folder;
}

Result<KeepFolder> House::start_in_place(const KeepRecord& record, const KeepRequest& request,
                                         const std::string& volumes) const {
  const KeepFolder folder = folder_of(record.id);
  if (const auto prepared = prepare(folder, record, request); !prepared) {
    remove(folder);
    note({"house.folder", record.id, prepared.error()});
    return Refusal{500, "house.folder", "the host has no room for the keep, or gives it no group"};
  }
  if (const auto started = start_warden(folder, volumes, settings_, request.backend); !started) {
    remove(folder);
    note({"keep.start", record.id, started.error()});
    return Refusal{503, "keep.start", without_paths(started.error())};
  }
  return folder;
}

std::string House::volumes_of(const std::string& tenant) const {
  // Whatever a tenant is called, this is the name of a folder, and nobody else's.
  return concat(settings_.folder, "/volumes/",
                base::hex(crypto::sha256({core::as_bytes(tenant)}).view()));
}

std::vector<host::KeptVolume> House::volumes(const std::string& tenant) const {
  const std::scoped_lock lock(volumes_mutex_);
  return host::list_volumes(volumes_of(tenant));
}

Result<void> House::remove_volume(const std::string& tenant, std::string_view name) const {
  const std::scoped_lock lock(volumes_mutex_);
  const auto removed = host::remove_volume(volumes_of(tenant), name);
  if (removed) {
    // The tenant's folder goes with his last, unless a start is about to make one in it.
    const std::scoped_lock starting(starting_volumes_mutex_);
    const auto next = starting_volumes_.lower_bound({tenant, ""});
    std::error_code error;
    if (next == starting_volumes_.end() || next->first != tenant) {
      std::filesystem::remove(volumes_of(tenant), error);
    }
    return {};
  }
  switch (removed.error().code) {
    case core::ErrorCode::NotFound:
      return Refusal{404, "volume.unknown", "there is no such volume"};
    case core::ErrorCode::Denied: return Refusal{409, "volume.used", "a keep uses the volume"};
    case core::ErrorCode::Malformed:
    case core::ErrorCode::Unavailable:
    case core::ErrorCode::Unsupported:
    case core::ErrorCode::Exhausted:
    case core::ErrorCode::Internal: break;
  }
  return Refusal{500, "volume.folder", "the volume cannot be removed"};
}

Result<void> House::take_volume(const std::string& tenant, const std::string& name) {
  if (name.empty()) return {};
  // Counted and taken in one step: of starts at the same time none sees what the others will make.
  const std::scoped_lock lock(starting_volumes_mutex_);
  std::set<std::pair<std::string, std::string>> all = TRY(all_volumes());
  for (const auto& [of, starting] : starting_volumes_) all.emplace(volumes_of(of), starting);
  const std::string own = volumes_of(tenant);
  if (!all.contains({own, name})) {
    const auto count = static_cast<std::size_t>(
        std::ranges::count(all, own, &std::pair<std::string, std::string>::first));
    if (count >= settings_.volumes_per_tenant) {
      return Refusal{
          429, "quota.volumes",
          concat("no tenant has more than ", settings_.volumes_per_tenant, " volumes here")};
    }
    // An issuer may have as many tenants as it likes.
    if (all.size() >= settings_.all_volumes) {
      return Refusal{503, "house.volumes", "no more volumes are kept here"};
    }
  }
  starting_volumes_.emplace(tenant, name);
  return {};
}

Result<std::set<std::pair<std::string, std::string>>> House::all_volumes() const {
  std::set<std::pair<std::string, std::string>> all;
  const std::filesystem::directory_iterator end;
  const auto is_trouble = [](const std::error_code& error) {
    // One that is gone has been removed meanwhile; what is none has no volumes.
    return error && error != std::errc::no_such_file_or_directory &&
           error != std::errc::not_a_directory;
  };
  std::error_code error;
  std::filesystem::directory_iterator tenant(concat(settings_.folder, "/volumes"), error);
  for (; !error && tenant != end; tenant.increment(error)) {
    std::error_code trouble;
    std::filesystem::directory_iterator volume(tenant->path(), trouble);
    for (; !trouble && volume != end; volume.increment(trouble)) {
      all.emplace(tenant->path().string(), volume->path().filename().string());
    }
    if (is_trouble(trouble)) return busy(static_cast<os::Errno>(trouble.value()));
  }
  if (is_trouble(error)) return busy(static_cast<os::Errno>(error.value()));
  return all;
}

void House::give_volume_back(const std::string& tenant, const std::string& name) {
  const std::scoped_lock lock(starting_volumes_mutex_);
  const auto found = starting_volumes_.find({tenant, name});
  if (found != starting_volumes_.end()) starting_volumes_.erase(found);
}

Result<KeepFolder> House::find(const std::string& tenant, std::string_view id) const {
  const Refusal unknown{404, "keep.unknown",
                        "there is no such keep; the oldest that have ended make room for new ones"};
  if (!is_keep_id(id)) return unknown;
  KeepFolder folder = folder_of(id);
  const auto record = folder.read_record();
  if (!record && record.error() != os::Errno::Noent) return busy(record.error());
  if (!record || record->tenant != tenant) return unknown;
  return folder;
}

Result<KeepState> House::state(const KeepFolder& keep) const {
  {
    const std::scoped_lock lock(mutex_);
    if (starting_.contains(keep.id())) return KeepState::Starting;
  }
  const auto state = keep.state();
  if (!state) return busy(state.error());
  return *state;
}

Result<std::vector<KeepRecord>> House::records() const {
  std::vector<KeepRecord> all;
  std::error_code error;
  std::filesystem::directory_iterator entry(settings_.folder, error);
  if (error == std::errc::no_such_file_or_directory) return all;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    if (!is_keep_id(entry->path().filename().string())) continue;
    auto record = KeepFolder(entry->path().string()).read_record();
    if (record) {
      all.push_back(*std::move(record));
    } else if (record.error() != os::Errno::Noent && record.error() != os::Errno::Badmsg) {
      return busy(record.error());
    }
  }
  if (error) return busy(static_cast<os::Errno>(error.value()));
  std::ranges::sort(all, {}, [](const KeepRecord& each) { return std::pair(each.made, each.id); });
  return all;
}

Result<std::vector<KnownKeep>> House::known(std::vector<KeepRecord> records) const {
  std::vector<KnownKeep> all;
  for (KeepRecord& each : records) {
    KeepFolder folder = folder_of(each.id);
    const KeepState now = TRY(state(folder));
    all.push_back({std::move(each), std::move(folder), now});
  }
  return all;
}

Result<std::vector<KnownKeep>> House::list() const { return known(TRY(records())); }

Result<std::vector<KnownKeep>> House::list(const std::string& tenant) const {
  std::vector<KeepRecord> all = TRY(records());
  std::erase_if(all, [&](const KeepRecord& each) { return each.tenant != tenant; });
  return known(std::move(all));
}

Result<void> House::forget(const KeepFolder& keep) const {
  const KeepState state = TRY(this->state(keep));
  if (state == KeepState::Starting) return not_yet();
  if (!has_ended(state)) {
    return Refusal{409, "keep.runs", "the keep has not ended; stop it first"};
  }
  remove(keep);
  return {};
}

}  // namespace merlon::gatehouse
