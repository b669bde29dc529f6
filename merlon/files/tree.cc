#include "merlon/files/tree.h"

#include <algorithm>
#include <vector>

namespace merlon::files {

using os::Errno;
using os::Follow;
using os::LastLink;
using os::Result;

namespace {

std::string_view without_slashes(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of('/');
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

/// One walk along a path, name by name, which knows the directories it came through.
class Tree::Walk {
 public:
  /// `creates`: a name with a slash behind it ends the walk, since no file can have it.
  Walk(Directory& start, LastLink last_link, bool creates = false)
      : last_link_(last_link), creates_(creates) {
    // A directory that is open is held by whoever has it open.
    way_.push_back(&start);
  }

  Result<Place> go(std::string_view path) {
    rest_ = path;
    for (;;) {
      const std::string_view left = without_slashes(rest_);
      if (left.empty()) return Place{nullptr, "", shared(way_.back()), true};
      const std::string name(left.substr(0, left.find('/')));
      if (name.size() > max_name_size) return Errno::Nametoolong;
      rest_ = std::string(left.substr(name.size()));
      if (name == ".") continue;
      if (name == "..") {
        if (way_.size() == 1) return Errno::Outside;
        way_.pop_back();
        continue;
      }
      if (auto place = TRY(step(name))) return *std::move(place);
    }
  }

 private:
  static std::shared_ptr<Directory> shared(Directory* directory) {
    return std::static_pointer_cast<Directory>(directory->shared_from_this());
  }

  /// One name further: the place, if the path ends there.
  Result<std::optional<Place>> step(const std::string& name) {
    std::shared_ptr<Node> node = way_.back()->find(name);
    const bool has_slash = !rest_.empty();
    const bool last = without_slashes(rest_).empty();
    const auto link = as_link(node);
    const bool follows_last =
        last_link_ == LastLink::Follow || (last_link_ == LastLink::FollowIfSlash && has_slash);
    const bool follows = !last || (follows_last && !(creates_ && has_slash));
    if (link && follows) {
      TRY(enter(*link));
      return std::optional<Place>();
    }
    if (last) {
      return std::optional(Place{shared(way_.back()), name, std::move(node), has_slash});
    }
    if (!node) return Errno::Noent;
    const auto directory = as_directory(node);
    if (!directory) return Errno::Notdir;
    way_.push_back(directory.get());
    return std::optional<Place>();
  }

  Result<void> enter(const Link& link) {
    constexpr unsigned most_links = 40;
    if (++links_ > most_links) return Errno::Loop;
    if (link.target().starts_with('/')) return Errno::Outside;
    rest_ = link.target() + rest_;
    return {};
  }

  LastLink last_link_;
  bool creates_;
  std::vector<Directory*> way_;  // each is held by the one before it
  std::string rest_;
  unsigned links_ = 0;
};

Tree::Tree(base::Budget& budget, Clock clock, Access access, std::uint64_t device)
    : budget_(budget),
      clock_(std::move(clock)),
      access_(access),
      device_(device),
      root_(std::make_shared<Directory>(budget, next_inode(), clock_())) {
  root_->links_ = 1;
}

os::Result<void> Tree::fill(const Archive& archive, std::string_view directory) {
  // Directories by their paths; each comes before what is in it.
  std::map<std::string_view, std::shared_ptr<Directory>> made;
  if (directory.empty()) made.emplace("", root_);
  for (const ArchiveEntry& entry : archive.entries()) {
    if (entry.path == directory) {
      if (entry.kind != ArchiveEntry::Kind::Directory) return Errno::Notdir;
      made.emplace(directory, root_);
      continue;
    }
    const std::size_t slash = entry.path.rfind('/');
    const bool at_top = slash == std::string_view::npos;
    const auto parent = made.find(at_top ? std::string_view() : entry.path.substr(0, slash));
    if (parent == made.end()) continue;  // not below `directory`
    const auto node = TRY(
        put(*parent->second, at_top ? entry.path : entry.path.substr(slash + 1), archive, entry));
    if (auto below = as_directory(node)) made.emplace(entry.path, std::move(below));
  }
  if (made.empty()) return Errno::Noent;
  return {};
}

Result<std::shared_ptr<Node>> Tree::put(Directory& parent, std::string_view name,
                                        const Archive& archive, const ArchiveEntry& entry) {
  std::shared_ptr<Node> node;
  switch (entry.kind) {
    case ArchiveEntry::Kind::Directory: node = TRY(put_directory(parent, name)); break;
    case ArchiveEntry::Kind::File:
      node = TRY(put_file(parent, name, archive.bytes(), entry.bytes));
      break;
    case ArchiveEntry::Kind::Link:
      node = TRY(put_link(parent, name, core::as_text(entry.bytes)));
      break;
  }
  put_times(*node, {entry.modified, entry.modified, entry.modified});
  return node;
}

os::Result<void> Tree::keep() {
  if (!backing_) return {};
  return backing_->keep();
}

void Tree::note_change(Node& node) {
  node.times_.modified = node.times_.changed = clock_();
  ++version_;
}

Result<void> Tree::insert(Directory& parent, std::string_view name, std::shared_ptr<Node> node) {
  if (!parent.insert(name, std::move(node))) return Errno::Nospc;
  note_change(parent);
  return {};
}

void Tree::remove(const Place& place) {
  place.parent->remove(place.name);
  place.node->times_.changed = clock_();
  note_change(*place.parent);
}

/// Whether something of this name can be made.
Result<void> Tree::check_new(const Place& place) const {
  if (place.node) return Errno::Exist;
  if (is_read_only()) return Errno::Rofs;
  if (place.parent->is_removed()) return Errno::Noent;
  return {};
}

Result<std::shared_ptr<Node>> Tree::create_file(const Place& place) {
  TRY(check_new(place));
  auto file = std::make_shared<File>(budget_, next_inode(), clock_());
  TRY(insert(*place.parent, place.name, file));
  return std::shared_ptr<Node>(std::move(file));
}

Result<std::shared_ptr<Node>> Tree::open(Directory& start, const os::Path& path, os::OpenHow how) {
  const bool makes = how.create && how.exclusive;
  const bool follows = how.follow == Follow::Yes && !makes;
  const LastLink as_open = follows ? LastLink::Follow : LastLink::FollowIfSlash;
  Walk walk(start, as_open, how.create);
  const Place place = TRY(walk.go(path.text()));
  if (how.create && place.must_be_directory && !place.name.empty()) return Errno::Isdir;
  if (!place.node) {
    if (how.create) return create_file(place);
    return Errno::Noent;
  }
  if (makes) return Errno::Exist;
  const bool writes = how.access != os::Access::Read || how.truncate;
  if (as_directory(place.node)) {
    if (writes || how.create) return Errno::Isdir;
    return place.node;
  }
  if (const auto file = as_file(place.node)) {
    if (place.must_be_directory || how.directory) return Errno::Notdir;
    if (writes && is_read_only()) return Errno::Rofs;
    if (how.truncate) TRY(resize(*file, 0));
    return place.node;
  }
  // A link that was not to be followed.
  return how.directory ? Errno::Notdir : Errno::Loop;
}

Result<std::shared_ptr<Node>> Tree::find(Directory& start, const os::Path& path, Follow follow) {
  Walk walk(start, follow == Follow::Yes ? LastLink::Follow : LastLink::FollowIfSlash);
  const Place place = TRY(walk.go(path.text()));
  if (!place.node) return Errno::Noent;
  if (place.must_be_directory && !as_directory(place.node)) return Errno::Notdir;
  return place.node;
}

Result<void> Tree::create_directory(Directory& start, const os::Path& path) {
  const Place place = TRY(Walk(start, LastLink::Keep).go(path.text()));
  TRY(check_new(place));
  return insert(*place.parent, place.name,
                std::make_shared<Directory>(budget_, next_inode(), clock_()));
}

Result<void> Tree::remove_directory(Directory& start, const os::Path& path) {
  const Place place = TRY(Walk(start, LastLink::Keep).go(path.text()));
  if (place.name.empty()) return Errno::Inval;
  if (!place.node) return Errno::Noent;
  const auto directory = as_directory(place.node);
  if (!directory) return Errno::Notdir;
  if (is_read_only()) return Errno::Rofs;
  if (!directory->empty()) return Errno::Notempty;
  directory->removed_ = true;
  remove(place);
  return {};
}

Result<void> Tree::unlink(Directory& start, const os::Path& path) {
  const Place place = TRY(Walk(start, LastLink::Keep).go(path.text()));
  if (!place.node) return Errno::Noent;
  if (as_directory(place.node)) return Errno::Isdir;
  if (place.must_be_directory) return Errno::Notdir;
  if (is_read_only()) return Errno::Rofs;
  remove(place);
  return {};
}

Result<void> Tree::symlink(std::string_view target, Directory& start, const os::Path& path) {
  const Place place = TRY(Walk(start, LastLink::Keep).go(path.text()));
  if (place.must_be_directory && !place.node) return Errno::Noent;
  TRY(check_new(place));
  auto link = Link::make(budget_, next_inode(), clock_(), target);
  if (!link) return Errno::Nospc;
  return insert(*place.parent, place.name, std::move(link));
}

/// Whether it is `above` or lies somewhere below.
bool Tree::is_within(const Directory& directory, const Directory& above) noexcept {
  for (const Directory* at = &directory; at != nullptr; at = at->parent_) {
    if (at == &above) return true;
  }
  return false;
}

Result<void> Tree::move(const Place& from, const Place& to) {
  // The new name first: without room for it nothing has changed.
  if (to.node) {
    if (const auto directory = as_directory(to.node)) directory->removed_ = true;
    remove(to);
  }
  TRY(insert(*to.parent, to.name, from.node));
  from.parent->remove(from.name);
  if (const auto directory = as_directory(from.node)) directory->parent_ = to.parent.get();
  note_change(*from.parent);
  from.node->times_.changed = clock_();
  return {};
}

Result<void> Tree::rename(Directory& from_start, const os::Path& from_path, Directory& to_start,
                          const os::Path& to_path) {
  const Place from = TRY(Walk(from_start, LastLink::Keep).go(from_path.text()));
  const Place to = TRY(Walk(to_start, LastLink::Keep).go(to_path.text()));
  if (from.name.empty() || to.name.empty()) return Errno::Busy;
  if (!from.node) return Errno::Noent;
  const auto moved = as_directory(from.node);
  if (!moved && (from.must_be_directory || to.must_be_directory)) return Errno::Notdir;
  if (is_read_only()) return Errno::Rofs;
  if (to.parent->is_removed()) return Errno::Noent;
  if (moved && is_within(*to.parent, *moved)) return Errno::Inval;
  if (const auto replaced = as_directory(to.node); replaced && is_within(*from.parent, *replaced)) {
    return Errno::Notempty;
  }
  if (to.node == from.node) return {};
  if (to.node) {
    const auto replaced = as_directory(to.node);
    if (moved && !replaced) return Errno::Notdir;
    if (!moved && replaced) return Errno::Isdir;
    if (replaced && !replaced->empty()) return Errno::Notempty;
  }
  return move(from, to);
}

Result<void> Tree::link(Directory& from_start, const os::Path& from_path, Directory& to_start,
                        const os::Path& to_path) {
  const Place from = TRY(Walk(from_start, LastLink::FollowIfSlash).go(from_path.text()));
  const bool is_directory = as_directory(from.node) != nullptr;
  if (from.must_be_directory && !is_directory) return from.node ? Errno::Notdir : Errno::Noent;
  const Place to = TRY(Walk(to_start, LastLink::Keep).go(to_path.text()));
  if (!from.node) return Errno::Noent;
  if (to.must_be_directory && !to.node) return Errno::Noent;
  TRY(check_new(to));
  if (is_directory) return Errno::Perm;
  TRY(insert(*to.parent, to.name, from.node));
  from.node->times_.changed = clock_();
  return {};
}

Result<std::size_t> Tree::write(File& file, std::uint64_t offset, os::IoVectors from) {
  if (is_read_only()) return Errno::Rofs;
  const std::size_t written = TRY(file.content_.write(offset, from));
  ++file.version_;
  note_change(file);
  return written;
}

Result<void> Tree::resize(File& file, std::uint64_t size) {
  if (is_read_only()) return Errno::Rofs;
  TRY(file.content_.resize(size));
  ++file.version_;
  note_change(file);
  return {};
}

Result<void> Tree::allocate(File& file, std::uint64_t offset, std::uint64_t size) {
  if (is_read_only()) return Errno::Rofs;
  TRY(file.content_.allocate(offset, size));
  ++file.version_;
  note_change(file);
  return {};
}

Result<void> Tree::set_times(Node& node, os::TimeChanges changes) {
  if (is_read_only()) return Errno::Rofs;
  const std::uint64_t now = clock_();
  const auto change = [now](std::uint64_t& time, const os::TimeChange& wanted) {
    if (wanted.kind == os::TimeChange::Kind::Now) time = now;
    if (wanted.kind == os::TimeChange::Kind::Set) time = wanted.nanoseconds;
  };
  change(node.times_.accessed, changes.accessed);
  change(node.times_.modified, changes.modified);
  node.times_.changed = now;
  ++version_;
  return {};
}

os::FileStatus Tree::status(const Node& node) const noexcept {
  os::FileStatus status;
  status.device = device_;
  status.inode = node.inode();
  status.type = node.type();
  status.links = node.links();
  status.size = node.size();
  status.accessed = node.times().accessed;
  status.modified = node.times().modified;
  status.changed = node.times().changed;
  return status;
}

Result<std::shared_ptr<Directory>> Tree::put_directory(Directory& parent, std::string_view name) {
  if (parent.find(name)) return Errno::Exist;
  auto directory = std::make_shared<Directory>(budget_, next_inode(), clock_());
  if (!parent.insert(name, directory)) return Errno::Nospc;
  return directory;
}

Result<std::shared_ptr<File>> Tree::put_file(Directory& parent, std::string_view name,
                                             SharedBytes owner, core::ByteView bytes) {
  if (parent.find(name)) return Errno::Exist;
  auto file = std::make_shared<File>(budget_, next_inode(), clock_(), std::move(owner), bytes);
  if (!parent.insert(name, file)) return Errno::Nospc;
  return file;
}

Result<std::shared_ptr<Link>> Tree::put_link(Directory& parent, std::string_view name,
                                             std::string_view target) {
  if (parent.find(name)) return Errno::Exist;
  auto link = Link::make(budget_, next_inode(), clock_(), target);
  if (!link || !parent.insert(name, link)) return Errno::Nospc;
  return link;
}

Result<void> Tree::put_name(Directory& parent, std::string_view name,
                            const std::shared_ptr<Node>& node) {
  if (parent.find(name)) return Errno::Exist;
  if (!parent.insert(name, node)) return Errno::Nospc;
  return {};
}

}  // namespace merlon::files
