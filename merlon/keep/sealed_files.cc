#include "merlon/keep/sealed_files.h"

#include "merlon/base/text.h"
#include "merlon/keep/mounts.h"
#include "merlon/keep/sealed_contents.h"
#include "merlon/os/clock.h"

namespace merlon::keep {

using base::concat;
using core::ByteView;
using core::ErrorCode;
using core::Result;

namespace {

/// Of its files, among those of the keep's trees.
constexpr std::uint64_t volume_device = 1000;
/// After a change, so much later it is written at the latest, if the workload waits meanwhile.
constexpr std::uint64_t pause_nanoseconds = 5'000'000'000;

launch::ObjectName name_of(const sealed::ObjectId& id) {
  launch::ObjectName name{};
  std::ranges::copy(id.view(), name.begin());
  return name;
}

std::uint64_t now() { return os::now(os::Clock::Monotonic).value_or(0); }

sealed::Wanted wanted_of(const launch::Volume& volume) {
  sealed::Wanted wanted;
  wanted.name = volume.name;
  wanted.binding = volume.bound_to == launch::Volume::Binding::Workload ? sealed::Binding::Workload
                                                                        : sealed::Binding::Tenant;
  wanted.epoch = volume.epoch;
  wanted.at_least.generation = volume.generation;
  wanted.at_least.head = crypto::Sha256Digest::from(volume.head).value();
  wanted.at_least.id = sealed::VolumeId::from(volume.id).value();
  wanted.oldest.svn = volume.oldest_svn;
  wanted.oldest.tcb = sealed::Versions::Tcb::from(volume.oldest_tcb).value();
  if (volume.key) wanted.recovery_key.emplace(std::vector(volume.key->begin(), volume.key->end()));
  return wanted;
}

/// What the tenant should know of what became of the keys.
std::string_view told(const sealed::Opened& opened) {
  if (opened.was_recovered) return "opened by its recovery key, and sealed for this keep";
  switch (opened.sealing) {
    case sealed::Sealing::Kept: return "";
    case sealed::Sealing::Anew: return "sealed anew, under newer versions or another epoch";
    case sealed::Sealing::WantsRecoveryKey:
      return "still sealed under older versions: sealing it anew wants its recovery key";
    case sealed::Sealing::NoRoom:
      return "still sealed under older versions: the host has no room for sealing it anew";
  }
  return "";
}

}  // namespace

/// The host's store as volumes see it.
class SealedFiles::Store final : public sealed::ObjectStore {
 public:
  explicit Store(os::Fd channel) noexcept : client_(std::move(channel)) {}

  Result<std::vector<sealed::ObjectId>> list(std::size_t most) override {
    std::vector<sealed::ObjectId> all;
    for (const launch::ObjectName& name : TRY(client_.list(most))) {
      all.push_back(sealed::ObjectId::from(name).value());
    }
    return all;
  }
  Result<std::vector<std::uint8_t>> get(const sealed::ObjectId& id, std::size_t most) override {
    return client_.get(name_of(id), most);
  }
  Result<std::vector<std::uint8_t>> get_index(std::size_t most) override {
    return client_.get(std::nullopt, most);
  }
  Result<void> put(const sealed::ObjectId& id, ByteView bytes) override {
    return client_.put(name_of(id), bytes);
  }
  Result<void> put_index(ByteView bytes) override { return client_.put(std::nullopt, bytes); }
  Result<void> remove(const sealed::ObjectId& id) override { return client_.remove(name_of(id)); }

 private:
  launch::StoreClient client_;
};

/// The security processor's keys as volumes see them.
class SealedFiles::Keys final : public sealed::PlatformKeys {
 public:
  explicit Keys(Self& self) noexcept : self_(self) {}

  [[nodiscard]] sealed::RootKind kind() const noexcept override {
    return sealed::RootKind::Platform;
  }
  /// CPUSVN is opaque [SDM vol. 3D, "Security Version Numbers"].
  [[nodiscard]] sealed::TcbOrder order() override {
    const auto technology = self_.technology();
    return technology && *technology == evidence::Technology::Sgx ? sealed::TcbOrder::ByProcessor
                                                                  : sealed::TcbOrder::ByByte;
  }
  Result<sealed::Versions> newest() override {
    const auto versions = TRY(self_.newest_key_versions());
    return sealed::Versions{versions.svn, sealed::Versions::Tcb::from(versions.tcb.view()).value(),
                            versions.fields};
  }
  Result<crypto::SecretBytes> key(const sealed::Versions& versions) override {
    identity::KeyVersions asked;
    asked.svn = versions.svn;
    asked.tcb = identity::KeyVersions::Tcb::from(versions.tcb.view()).value();
    asked.fields = versions.fields;
    return self_.platform_key(asked);
  }

 private:
  Self& self_;
};

/// The tenant remembers how far the volume has come.
class SealedFiles::Teller final : public sealed::Counter {
 public:
  explicit Teller(std::shared_ptr<PrivateTalk> talk) noexcept : talk_(std::move(talk)) {}

  void opened(std::string_view /*volume*/, const sealed::Mark& mark) override { tell(mark); }
  void written(std::string_view /*volume*/, const sealed::Mark& mark) override { tell(mark); }

  /// False once a state was written that nobody could be told of.
  [[nodiscard]] bool is_heard() const noexcept { return is_heard_; }

 private:
  void tell(const sealed::Mark& mark) {
    if (!talk_) return;
    const auto told = talk_->tell_mark(
        {mark.generation, mark.head, delivery::VolumeMark::Id::from(mark.id.view()).value()});
    if (!told) is_heard_ = false;
  }

  std::shared_ptr<PrivateTalk> talk_;
  bool is_heard_ = true;
};

SealedFiles::SealedFiles(Work& work, Self& self)
    : voice_(work.voice),
      name_(work.launch.message.volume->name),
      store_(std::make_unique<Store>(std::move(work.launch.volume))),
      teller_(std::make_unique<Teller>(work.talk)) {
  if (self.is_attested()) {
    keys_ = std::make_unique<Keys>(self);
  } else {
    keys_ = std::make_unique<sealed::NoPlatformKeys>();
  }
}

SealedFiles::~SealedFiles() {
  if (tree_) tree_->set_backing(nullptr);
}

Result<std::shared_ptr<SealedFiles>, std::string> SealedFiles::open(
    Work& work, Self& self, const crypto::Sha256Digest& module, base::Budget& budget,
    std::uint64_t max_bytes, wasi::Context& context) {
  const sealed::Wanted wanted = wanted_of(*work.launch.message.volume);
  std::shared_ptr<SealedFiles> made(new SealedFiles(work, self));
  sealed::Workload workload;
  workload.tenant = work.source.tenant.value_or(crypto::Sha256Digest());
  workload.module = module;
  workload.configuration = work.source.configuration;
  auto opened = sealed::Volume::open({*made->store_, *made->keys_, made->teller_.get(), max_bytes},
                                     wanted, workload);
  if (!opened) {
    return concat("volume ", base::quoted(wanted.name), ": ", opened.error().message());
  }
  if (!made->teller_->is_heard()) {
    return concat("volume ", base::quoted(wanted.name),
                  ": nobody carries to its tenant how far it has come");
  }
  made->tree_ = std::make_shared<files::Tree>(budget, clock_of(context),
                                              files::Tree::Access::ReadWrite, volume_device);
  TRY(made->fill(*opened, budget));
  made->volume_.emplace(std::move(opened->volume));
  // The tree may outlive this by what a guest has open; the destructor takes it back.
  made->tree_->set_backing(std::shared_ptr<files::Backing>(std::shared_ptr<void>(), made.get()));
  made->kept_version_ = made->tree_->version();
  if (!self.is_attested()) {
    work.voice->remark(concat("volume ", base::quoted(wanted.name),
                              ": nothing attests this keep, so the owner of its machine can read "
                              "what it seals"));
  }
  if (const auto what = told(*opened); !what.empty()) {
    work.voice->remark(concat("volume ", base::quoted(wanted.name), ": ", what));
  }
  return made;
}

Result<void, std::string> SealedFiles::fill(const sealed::Opened& opened, base::Budget& budget) {
  std::uint64_t size = 0;
  for (const sealed::Entry& entry : opened.entries) size += entry.size;
  const bool fits = budget.take(size);
  const auto filled =
      fits ? fill_tree(*tree_, opened.entries, opened.bytes) : os::Result<void>(os::Errno::Nospc);
  if (filled) return {};
  if (filled.error() == os::Errno::Nospc) {
    return concat("volume ", base::quoted(name_), ": its files are more than the memory limit");
  }
  return concat("volume ", base::quoted(name_), ": it holds what no directory can hold");
}

os::Result<void> SealedFiles::keep() {
  // What the tenant cannot hear of, a host could show or not as it likes: no more of it.
  if (!teller_->is_heard()) return os::Errno::Io;
  const std::uint64_t version = tree_->version();
  if (version == kept_version_) return {};
  const auto done = volume_->commit(contents_of(*tree_));
  if (done) {
    kept_version_ = version;
    changed_at_ = 0;
    if (!teller_->is_heard()) return os::Errno::Io;
    return {};
  }
  if (!has_told_trouble_) {
    voice_->remark(
        concat("volume ", base::quoted(name_), ": cannot be written: ", done.error().message()));
  }
  has_told_trouble_ = true;
  return done.error().code == ErrorCode::Exhausted ? os::Errno::Nospc : os::Errno::Io;
}

std::optional<std::chrono::nanoseconds> SealedFiles::rest() {
  if (tree_->version() == kept_version_) return std::nullopt;
  if (changed_at_ == 0) changed_at_ = now();
  const std::uint64_t due = changed_at_ + pause_nanoseconds;
  const std::uint64_t time = now();
  return std::chrono::nanoseconds(time < due ? due - time : 0);
}

void SealedFiles::work() {
  const auto left = rest();
  if (!left || left->count() != 0) return;
  // What fails is told; it is tried again after as long a pause.
  if (!keep()) changed_at_ = now();
}

}  // namespace merlon::keep
