#pragma once

// What a registry knows: users, repositories, tags, the nodes of their trees, and in which objects
// their contents lie. Each call is one transaction, so several instances can share one database,
// and what a call has told stands after a crash.
//
// A tag begins with what it says of its root; each directory that comes says what else must come;
// with the last node the tag is whole, and never changes again.
//
// What a call failed with Unknown has done or not; each may be called once more with the same: what
// was done is found to be there.
//
// Objects: one is in `uploads` from before its first byte is written until it is a blob's or is
// dropped, so an object that is found in the store and then in neither table is nobody's for good.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "merlon/codec/time.h"
#include "merlon/database/database.h"
#include "merlon/registry/directory.h"
#include "merlon/registry_store/blob.h"

namespace merlon::registry_store {

using database::Result;

struct User {
  std::string name;
  std::string issuer;   ///< of the tokens that name him
  std::string subject;  ///< who he is to that issuer
  std::string record;   ///< as he sent it
};

struct Repository {
  std::string name;  ///< "user/repository"
  bool is_public = false;
  std::string record;     ///< as its user sent it
  std::string admission;  ///< which keeps may read it; empty: none
};

/// One of a listing.
struct RepositorySummary {
  std::string name;
  bool is_public = false;
  std::uint64_t tags = 0;
  std::uint64_t length = 0;
};

enum class TagState : std::uint8_t { Begun = 0, Whole = 1, Deleted = 2 };

struct Tag {
  std::string repository;
  std::string name;
  TagState state = TagState::Begun;
  std::string record;  ///< as it was sent
  std::string type;    ///< of the record
  std::string digest;  ///< SHA-256 of the root in hexadecimal, once that has come
  std::uint64_t length = 0;
  std::uint64_t nodes = 0;
  std::optional<std::string> yanked;  ///< why
  codec::UnixTime created;
};

/// Where something is in a tag's tree; the root's path is empty.
struct Place {
  std::string repository;
  std::string tag;
  std::string path;
};

/// A node of a whole tag.
struct Node {
  registry::Meta meta;
  Blob blob;
};

/// What is known of a place, at one moment.
struct Sight {
  std::optional<Repository> repository{};
  std::optional<Tag> tag{};    ///< in any state
  std::optional<Node> node{};  ///< of a whole tag
};

/// Room for what a user brings.
struct Quota {
  std::uint64_t bytes = std::uint64_t{10} << 30U;  ///< of all his trees
  std::uint64_t users = 16;                        ///< names of one subject
  std::uint64_t repositories = 1000;
  std::uint64_t tags = 10'000;    ///< of one repository
  std::uint64_t nodes = 100'000;  ///< of one tag
  std::uint64_t uploads = 64;     ///< that are not over, of one repository
  std::uint64_t tokens = 100;     ///< of one repository
};

/// What became of something new.
struct Added {
  enum class Kind : std::uint8_t {
    Done,
    Exists,
    LooksLike,  ///< `other`, for whoever reads it
    NoRoom,     ///< the quota
    Deleted,    ///< it was there once; its name is not given again
    NoParent,   ///< nobody said that it is to come
    Differs,    ///< from what was said to come
  };
  Kind kind = Kind::Done;
  std::string other{};
};

/// An upload that is not over.
struct Upload {
  ObjectName object;
  std::string digest;  ///< that was told for the whole
};

/// A bearer token for one repository.
struct RepositoryToken {
  std::string id;
  std::string repository;
  crypto::Sha256Digest hash;  ///< of the token
  bool may_read = false;
  bool may_write = false;
  codec::UnixTime expires;
};

class Catalogue {
 public:
  /// `database` outlives it. Makes its tables if they are not there; Broken if they are of another
  /// version.
  [[nodiscard]] static Result<Catalogue> open(database::Database& database, Quota quota);

  // ---- users, repositories ----
  [[nodiscard]] Result<Added> add_user(const User& user, codec::UnixTime now);
  [[nodiscard]] Result<std::optional<User>> user(const std::string& name);
  [[nodiscard]] Result<Added> add_repository(const Repository& repository, codec::UnixTime now);
  [[nodiscard]] Result<std::optional<Repository>> repository(const std::string& name);
  [[nodiscard]] Result<void> set_admission(const std::string& repository, const std::string& rule);
  struct Query {
    static constexpr std::size_t max_words = 8;
    std::vector<std::string> words;  ///< each is in the name; the first max_words count
    std::string user;                ///< only his; empty: all users'
    std::string issuer;              ///< who asks: private ones of his are listed too
    std::string subject;
    std::string after;
    std::uint64_t limit = 0;
    /// How many names are looked at, fit or not: anybody may search, for what is nowhere too.
    std::uint64_t most_looked_at = 5000;
  };
  struct Page {
    std::vector<RepositorySummary> found;
    std::string next;  ///< the `after` of the next page; empty: there is none
  };
  [[nodiscard]] Result<Page> repositories(const Query& query);

  // ---- tags ----
  /// Where it takes the place of another that had begun, that one's objects are given in `dropped`
  /// to be removed.
  [[nodiscard]] Result<Added> begin_tag(const Tag& tag, const registry::Meta& root,
                                        codec::UnixTime now, std::vector<ObjectName>& dropped);
  [[nodiscard]] Result<std::optional<Tag>> tag(const std::string& repository,
                                               const std::string& name);
  /// Whole ones by their names; yanked ones only if so wanted.
  [[nodiscard]] Result<std::vector<Tag>> tags(const std::string& repository, bool yanked_too,
                                              const std::string& after, std::uint64_t limit);
  /// False: there is no such whole tag.
  [[nodiscard]] Result<bool> yank(const std::string& repository, const std::string& name,
                                  const std::optional<std::string>& why);
  /// Its name stays taken. Objects that are nobody's then are given in `dropped` to be removed.
  /// False: there is none.
  [[nodiscard]] Result<bool> delete_tag(const std::string& repository, const std::string& name,
                                        std::vector<ObjectName>& dropped);

  // ---- nodes ----
  [[nodiscard]] Result<std::optional<Node>> node(const Place& place);
  /// All that a reader must know, at once.
  [[nodiscard]] Result<Sight> look(const Place& place);
  /// Whether what `meta` says may be brought there, before it is. If so, it has the digests of what
  /// is said of the place as well: the content must have each of them.
  [[nodiscard]] Result<Added> expects(const Place& place, registry::Meta& meta);
  /// `object` is about to be written for it. Others of that place are dropped, and given in
  /// `dropped` to be removed.
  [[nodiscard]] Result<Added> begin_upload(const Place& place, const Upload& upload,
                                           codec::UnixTime now, std::vector<ObjectName>& dropped);
  [[nodiscard]] Result<std::optional<Upload>> upload(const Place& place);
  /// `object` is about to be written with what is kept of an upload of that place; take_over()
  /// makes it the upload's in the place of `from`, all at once. NoRoom. False: another one was
  /// quicker.
  [[nodiscard]] Result<Added> begin_copy(const Place& place, const ObjectName& object,
                                         codec::UnixTime now);
  [[nodiscard]] Result<bool> take_over(const ObjectName& from, const ObjectName& object);
  /// It goes on. False: it was dropped.
  [[nodiscard]] Result<bool> touch_upload(const ObjectName& object, codec::UnixTime now);
  /// True if it was there: the object is nobody's now, and to be removed.
  [[nodiscard]] Result<bool> drop_upload(const ObjectName& object);
  /// The object `blob` holds what `meta` says, and is on the disk; `children` if that is a
  /// directory. If its content is there already, `blob.object` is nobody's and given back in
  /// `dropped`. Differs also if the upload was dropped meanwhile. `lost`: the same content as it
  /// lies here was found lost or altered; it takes its place.
  [[nodiscard]] Result<Added> finish_upload(const Place& place, const registry::Meta& meta,
                                            const registry::Directory& children, const Blob& blob,
                                            const std::optional<Blob>& lost,
                                            std::vector<ObjectName>& dropped);
  [[nodiscard]] Result<std::optional<Blob>> blob(const BlobKey& key);

  // ---- tokens ----
  [[nodiscard]] Result<Added> add_token(const RepositoryToken& token);
  [[nodiscard]] Result<std::vector<RepositoryToken>> tokens(const std::string& repository);
  [[nodiscard]] Result<bool> remove_token(const std::string& repository, const std::string& id);
  [[nodiscard]] Result<std::optional<RepositoryToken>> find_token(const crypto::Sha256Digest& hash);

  // ---- upkeep ----
  /// Blobs that no tag names are forgotten, some at a time; their objects, to be removed.
  [[nodiscard]] Result<std::vector<ObjectName>> take_unused(std::uint64_t limit);
  /// Uploads that nothing was heard of since; their objects, to be removed.
  [[nodiscard]] Result<std::vector<ObjectName>> drop_uploads(codec::UnixTime before);
  [[nodiscard]] Result<bool> is_known(const ObjectName& object);
  /// After that key, in order.
  [[nodiscard]] Result<std::vector<Blob>> blobs(const std::string& after, std::uint64_t limit);
  /// Where it stands in trees.
  [[nodiscard]] Result<std::vector<Place>> places_of(const BlobKey& key);
  /// Its content is lost: tags that name it wait for it again. False: it is not there any more, or
  /// in another object.
  [[nodiscard]] Result<bool> expect_again(const Blob& lost);
  /// Of whole tags, those that miss a node or name a blob that is not known; a line each.
  [[nodiscard]] Result<std::vector<std::string>> contradictions();
  struct Counts {
    std::uint64_t users = 0, repositories = 0, tags = 0, blobs = 0, bytes = 0, uploads = 0;
  };
  /// Of whole tables, which takes long where they are.
  [[nodiscard]] Result<Counts> counts();
  /// Well if the database answers.
  [[nodiscard]] Result<void> ready();

 private:
  Catalogue(database::Database& database, Quota quota) noexcept
      : database_(&database), quota_(quota) {}

  database::Database* database_;
  Quota quota_;
};

/// What others may take `name` for: names of one skeleton look alike.
[[nodiscard]] std::string skeleton(std::string_view name);

}  // namespace merlon::registry_store
