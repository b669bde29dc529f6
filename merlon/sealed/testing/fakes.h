#pragma once

// For tests: a store in memory that can die at any step, a platform, and a small tree to keep.
// Header only.

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "merlon/sealed/volume.h"

namespace merlon::sealed::testing {

using Bytes = std::vector<std::uint8_t>;

/// What a store holds; copied to go back to it.
struct Disk {
  std::map<ObjectId, Bytes> objects;
  std::optional<Bytes> index;
  bool operator==(const Disk&) const = default;

  [[nodiscard]] std::size_t size() const {
    std::size_t all = index ? index->size() : 0;
    for (const auto& [id, bytes] : objects) all += bytes.size();
    return all;
  }
};

class MemoryStore final : public ObjectStore {
 public:
  explicit MemoryStore(Disk& disk) : disk_(disk) {}

  core::Result<std::vector<ObjectId>> list(std::size_t most) override {
    if (dies(false)) return gone();
    std::vector<ObjectId> all;
    for (const auto& [id, bytes] : disk_.objects) all.push_back(id);
    if (all.size() > most) return core::error(core::ErrorCode::Exhausted, "too many");
    return all;
  }
  core::Result<Bytes> get(const ObjectId& id, std::size_t max_size) override {
    if (dies(false)) return gone();
    const auto found = disk_.objects.find(id);
    if (found == disk_.objects.end()) return core::error(core::ErrorCode::NotFound, "none");
    if (found->second.size() > max_size) return core::error(core::ErrorCode::Exhausted, "large");
    return found->second;
  }
  core::Result<Bytes> get_index(std::size_t max_size) override {
    if (dies(false)) return gone();
    if (!disk_.index) return core::error(core::ErrorCode::NotFound, "none");
    if (disk_.index->size() > max_size) return core::error(core::ErrorCode::Exhausted, "large");
    return *disk_.index;
  }
  core::Result<void> put(const ObjectId& id, core::ByteView bytes) override {
    return change(bytes.size(), [&] { disk_.objects[id] = Bytes(bytes.begin(), bytes.end()); });
  }
  core::Result<void> put_index(core::ByteView bytes) override {
    return change(bytes.size(), [&] { disk_.index = Bytes(bytes.begin(), bytes.end()); });
  }
  core::Result<void> remove(const ObjectId& id) override {
    return change(0, [&] { disk_.objects.erase(id); });
  }

  std::size_t operations = 0;  ///< so far
  /// Dies at this operation, and with everything behind it; the operation itself is done if so.
  std::optional<std::size_t> end;
  bool does_the_last = false;
  std::size_t room = SIZE_MAX;  ///< for everything that it holds

 private:
  static core::Error gone() { return core::error(core::ErrorCode::Unavailable, "gone"); }
  bool dies(bool changing) {
    const std::size_t now = operations++;
    if (!end || now < *end) return false;
    return !(changing && does_the_last && now == *end);
  }
  template <typename Change>
  core::Result<void> change(std::size_t added, Change&& make) {
    const bool is_last = end && operations == *end;
    if (dies(true)) return gone();
    if (added != 0 && disk_.size() + added > room) {
      return core::error(core::ErrorCode::Exhausted, "no room");
    }
    make();
    if (is_last) return gone();
    return {};
  }

  Disk& disk_;
};

/// A machine with a keep on it.
struct Machine {
  std::string chip = "chip";
  std::string keep = "measurement and policy";
  Versions newest{
      3, Versions::Tcb::from(Bytes{1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}).value(), 0x3F};
  TcbOrder order = TcbOrder::ByByte;
  std::vector<Versions::Tcb> before{};  ///< where they have no order: those that it has had

  [[nodiscard]] bool has(const Versions& versions) const {
    if (order == TcbOrder::ByByte) return newest.at_least(versions, order);
    return newest.svn >= versions.svn &&
           (newest.tcb == versions.tcb || std::ranges::find(before, versions.tcb) != before.end());
  }
};

class FakePlatform final : public PlatformKeys {
 public:
  explicit FakePlatform(Machine machine = {}) : machine_(std::move(machine)) {}

  [[nodiscard]] RootKind kind() const noexcept override { return RootKind::Platform; }
  [[nodiscard]] TcbOrder order() override { return machine_.order; }
  core::Result<Versions> newest() override { return machine_.newest; }
  core::Result<crypto::SecretBytes> key(const Versions& versions) override {
    if (!machine_.has(versions)) {
      return core::error(core::ErrorCode::Denied, "versions above");
    }
    const auto svn = static_cast<std::uint8_t>(versions.svn);
    const auto key = crypto::sha256({core::as_bytes(machine_.chip), core::as_bytes(machine_.keep),
                                     versions.tcb.view(), core::ByteView(&svn, 1)});
    return crypto::SecretBytes({key.view().begin(), key.view().end()});
  }

 private:
  Machine machine_;
};

inline crypto::Sha256Digest digest(std::string_view text) {
  return crypto::sha256({core::as_bytes(text)});
}
inline Workload workload(std::string_view tenant = "tenant", std::string_view module = "module") {
  return {digest(tenant), digest(module), digest("configuration")};
}
inline crypto::SecretBytes recovery_key(std::uint8_t byte = 0x77) {
  return crypto::SecretBytes(Bytes(recovery_key_size, byte));
}
inline Wanted wanted(std::string name = "data") {
  Wanted made;
  made.name = std::move(name);
  return made;
}

/// Files by their paths, one level of directories deep: "a", "d/b".
using Files = std::map<std::string, Bytes>;

inline Contents contents_of(const Files& files, std::uint64_t version = 0) {
  Contents contents{{Entry{}}, {FileSource{}}};
  std::map<std::string, std::uint32_t> directories;
  for (const auto& [path, bytes] : files) {
    std::uint32_t parent = 0;
    const auto slash = path.find('/');
    if (slash != std::string::npos) {
      const std::string name = path.substr(0, slash);
      const auto number = static_cast<std::uint32_t>(contents.entries.size());
      const auto [at, is_new] = directories.emplace(name, number);
      if (is_new) {
        contents.entries.push_back({Entry::Kind::Directory, 0, name});
        contents.sources.emplace_back();
      }
      parent = at->second;
    }
    Entry file{Entry::Kind::File, parent, path.substr(slash + 1), {1, 2, 3}};
    file.size = bytes.size();
    contents.entries.push_back(file);
    FileSource source;
    source.file = contents.entries.size();
    source.version = version;
    source.read = [held = bytes](std::uint64_t offset, core::ByteSpan into) {
      std::ranges::copy(core::ByteView(held).subspan(offset, into.size()), into.begin());
    };
    contents.sources.push_back(std::move(source));
  }
  return contents;
}

inline Files files_of(const Opened& opened) {
  Files files;
  for (std::size_t i = 0; i < opened.entries.size(); ++i) {
    const Entry& entry = opened.entries[i];
    if (entry.kind != Entry::Kind::File) continue;
    const std::string& folder = opened.entries[entry.parent].name;
    files[(folder.empty() ? "" : folder + "/") + entry.name] = *opened.bytes[i];
  }
  return files;
}

}  // namespace merlon::sealed::testing
