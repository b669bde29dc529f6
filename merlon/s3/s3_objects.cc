#include "merlon/s3/s3_objects.h"

#include <algorithm>
#include <mutex>

#include "merlon/base/text.h"

namespace merlon::s3 {

using base::concat;
using core::ErrorCode;
using core::Result;
using registry_store::ObjectName;
using registry_store::ObjectReader;
using registry_store::ObjectStore;
using registry_store::ObjectWriter;

namespace {

constexpr std::size_t digits = 6;
constexpr std::uint64_t most_chunks = 1'000'000;
/// What is read ahead for who goes through an object.
constexpr std::uint64_t window = std::uint64_t{1} << 20U;

std::string chunk_key(const std::string& folder, std::uint64_t number) {
  const std::string text = concat(number);
  return concat(folder, std::string(digits - std::min(digits, text.size()), '0'), text);
}

core::Error bad_name() { return core::error(ErrorCode::Malformed, "no name of an object"); }

class Writer final : public ObjectWriter {
 public:
  Writer(const Client& client, std::string folder, Sizes sizes,
         std::atomic<std::size_t>& in_memory) noexcept
      : client_(client), folder_(std::move(folder)), sizes_(sizes), in_memory_(in_memory) {}
  ~Writer() override { in_memory_ -= held_.size(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  [[nodiscard]] Result<void> append(core::ByteView bytes) override {
    while (!bytes.empty()) {
      const auto part = bytes.first(std::min(bytes.size(), sizes_.chunk - held_.size()));
      if (in_memory_ + part.size() > sizes_.most_in_memory) {
        return core::error(ErrorCode::Unavailable, "too many uploads at a time");
      }
      in_memory_ += part.size();
      held_.reserve(sizes_.chunk);  // pages that are never written cost nothing
      held_.insert(held_.end(), part.begin(), part.end());
      bytes = bytes.subspan(part.size());
      if (held_.size() == sizes_.chunk) TRY(put());
    }
    return {};
  }
  [[nodiscard]] Result<void> finish() override {
    if (!held_.empty()) TRY(put());
    return {};
  }

 private:
  /// Anew with the same bytes if it failed.
  Result<void> put() {
    if (next_ >= most_chunks) return core::error(ErrorCode::Exhausted, "an object is too long");
    TRY(client_.put(chunk_key(folder_, next_), held_));
    ++next_;
    in_memory_ -= held_.size();
    held_.clear();
    return {};
  }

  const Client& client_;
  std::string folder_;
  Sizes sizes_;
  std::atomic<std::size_t>& in_memory_;
  std::vector<std::uint8_t> held_;  ///< of the next chunk
  std::uint64_t next_ = 0;
};

class Reader final : public ObjectReader {
 public:
  Reader(const Client& client, std::string folder, std::uint64_t size, std::size_t chunk) noexcept
      : client_(client), folder_(std::move(folder)), size_(size), chunk_(chunk) {}

  [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }

  [[nodiscard]] Result<void> read(std::uint64_t offset, core::ByteSpan into) const override {
    if (offset > size_ || into.size() > size_ - offset) {
      return core::error(ErrorCode::Unavailable, "an object is too short");
    }
    const std::scoped_lock lock(mutex_);
    while (!into.empty()) {
      if (offset < start_ || offset >= start_ + held_.size()) TRY(fetch(offset, into.size()));
      const auto skip = static_cast<std::size_t>(offset - start_);
      const std::size_t size = std::min(into.size(), held_.size() - skip);
      std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(skip), size, into.begin());
      offset += size;
      into = into.subspan(size);
    }
    return {};
  }

 private:
  Result<void> fetch(std::uint64_t offset, std::size_t wanted) const {
    const bool goes_on = offset == start_ + held_.size() && offset > 0;
    const std::uint64_t number = offset / chunk_;
    const std::uint64_t end = std::min<std::uint64_t>(size_, (number + 1) * chunk_);
    const std::uint64_t count = std::min<std::uint64_t>(
        goes_on ? std::max<std::uint64_t>(window, wanted) : wanted, end - offset);
    auto bytes = client_.get(chunk_key(folder_, number), {offset - number * chunk_, count});
    if (!bytes) {
      core::Error error = bytes.error();
      error.code = ErrorCode::Unavailable;
      return error;
    }
    held_ = *std::move(bytes);
    start_ = offset;
    return {};
  }

  const Client& client_;
  std::string folder_;
  std::uint64_t size_;
  std::size_t chunk_;
  mutable std::mutex mutex_;
  mutable std::vector<std::uint8_t> held_;  ///< from start_ on
  mutable std::uint64_t start_ = 0;
};

bool is_prefix(std::string_view prefix) noexcept {
  constexpr std::size_t longest = 512;
  return prefix.size() <= longest && !prefix.starts_with('/') && !prefix.ends_with('/') &&
         prefix.find("//") == std::string_view::npos &&
         prefix.find("..") == std::string_view::npos && std::ranges::all_of(prefix, [](char c) {
           const char low = base::lower(c);
           return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                  c == '.' || c == '/';
         });
}

}  // namespace

Result<std::unique_ptr<S3Objects>> S3Objects::of(Client client, const std::string& prefix,
                                                 Sizes sizes) {
  if (!is_prefix(prefix)) return core::error(ErrorCode::Malformed, "no prefix of names");
  return std::unique_ptr<S3Objects>(new S3Objects(std::move(client), prefix, sizes));
}

S3Objects::S3Objects(Client client, const std::string& prefix, Sizes sizes)
    : client_(std::move(client)),
      prefix_(prefix.empty() ? "" : concat(prefix, "/")),
      sizes_(sizes) {}

std::string S3Objects::folder_of(const ObjectName& name) const {
  return concat(prefix_, name.substr(0, 2), "/", name, "/");
}

Result<std::unique_ptr<ObjectWriter>> S3Objects::create(const ObjectName& name) {
  if (!registry_store::is_object_name(name)) return bad_name();
  return std::unique_ptr<ObjectWriter>(
      std::make_unique<Writer>(client_, folder_of(name), sizes_, in_memory_));
}

Result<std::unique_ptr<ObjectWriter>> S3Objects::resume(const ObjectName& /*name*/) {
  return core::error(ErrorCode::Unsupported, "an object of S3 has one writer");
}

Result<std::vector<Listing::Object>> S3Objects::chunks(const ObjectName& name) const {
  if (!registry_store::is_object_name(name)) return bad_name();
  const std::string folder = folder_of(name);
  std::vector<Listing::Object> all;
  std::string token;
  do {
    Listing page = TRY(client_.list(folder, false, token));
    for (Listing::Object& each : page.objects) {
      const bool is_ours =
          each.key.size() == folder.size() + digits && each.key.starts_with(folder);
      if (is_ours) all.push_back(std::move(each));
    }
    token = std::move(page.next);
    if (all.size() > most_chunks) return core::error(ErrorCode::Unavailable, "an endless listing");
  } while (!token.empty());
  std::ranges::sort(all, {}, &Listing::Object::key);
  return all;
}

Result<std::uint64_t> S3Objects::kept(const ObjectName& name) const {
  std::uint64_t length = 0;
  std::uint64_t number = 0;
  // Up to the first that is not there, or not whole.
  const std::string folder = folder_of(name);
  for (const Listing::Object& each : TRY(chunks(name))) {
    if (each.key != chunk_key(folder, number) || each.size > sizes_.chunk) break;
    length += each.size;
    ++number;
    if (each.size < sizes_.chunk) break;
  }
  return length;
}

Result<std::unique_ptr<ObjectReader>> S3Objects::open(const ObjectName& name,
                                                      std::uint64_t length) const {
  if (!registry_store::is_object_name(name)) return bad_name();
  return std::unique_ptr<ObjectReader>(
      std::make_unique<Reader>(client_, folder_of(name), length, sizes_.chunk));
}

Result<void> S3Objects::remove(const ObjectName& name) {
  const auto all = TRY(chunks(name));
  for (const Listing::Object& each : all) TRY(client_.remove(each.key));
  return {};
}

Result<std::vector<ObjectName>> S3Objects::list(unsigned part) const {
  const auto number = static_cast<std::uint8_t>(part);
  const std::string folder = concat(prefix_, base::hex({&number, 1}), "/");
  constexpr std::size_t most = 10'000'000;
  std::vector<ObjectName> names;
  std::string token;
  do {
    Listing page = TRY(client_.list(folder, true, token));
    for (const std::string& each : page.prefixes) {
      if (!each.starts_with(folder) || !each.ends_with('/')) continue;
      const std::string name = each.substr(folder.size(), each.size() - folder.size() - 1);
      if (registry_store::is_object_name(name)) names.push_back(name);
    }
    token = std::move(page.next);
    if (names.size() > most) return core::error(ErrorCode::Unavailable, "an endless listing");
  } while (!token.empty());
  return names;
}

}  // namespace merlon::s3
