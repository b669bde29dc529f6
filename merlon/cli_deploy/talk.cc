#include "merlon/cli_deploy/talk.h"

#include "merlon/base/text.h"
#include "merlon/core/reader.h"

namespace merlon::cli_deploy {

using base::concat;
using core::Result;
using delivery::Direction;
using delivery::RecordKind;

Talk::Talk(const crypto::HpkeExporter& exporter, const crypto::Sha256Digest& module)
    : sealer_(delivery::RecordSealer(delivery::record_key(exporter, Direction::ToKeep))),
      opener_(delivery::record_key(exporter, Direction::FromKeep), Direction::FromKeep),
      module_(module) {}

Talk::Talk(crypto::AesGcmKey hearing, const crypto::Sha256Digest& module)
    : opener_(std::move(hearing), Direction::FromKeep), module_(module) {}

Result<void, std::string> Talk::hear(core::ByteView bytes, Listener& listener) {
  opener_.feed(bytes);
  for (;;) {
    const auto record = opener_.next();
    if (!record) return concat("what came is not the keep's: ", record.error().message());
    if (!*record) return {};
    TRY(hear(**record, listener));
  }
}

Result<void, std::string> Talk::hear(const delivery::Record& record, Listener& listener) {
  if (status_) return std::string("the keep speaks after its end");
  if (taken_ == (record.kind == RecordKind::Taken)) {
    return std::string("the keep's first word is not that it took the delivery");
  }
  switch (record.kind) {
    case RecordKind::Taken:
      taken_ = std::ranges::equal(record.content, module_.view());
      if (!taken_) return std::string("the keep took something else");
      return {};
    case RecordKind::Output: listener.output(record.content); return {};
    case RecordKind::Errors: listener.errors(record.content); return {};
    case RecordKind::Remark: listener.remark(core::as_text(record.content)); return {};
    case RecordKind::Ended: {
      const auto status = core::Reader(record.content).u32();
      if (!status || record.content.size() != sizeof(*status)) {
        return std::string("the keep ended with a status that is none");
      }
      status_ = *status;
      return {};
    }
    case RecordKind::Mark: {
      const auto mark = delivery::VolumeMark::parse(record.content);
      if (!mark) return std::string("the keep says of its volume what nobody can say");
      if (marked_) marked_(*mark);
      return {};
    }
    case RecordKind::Input:
    case RecordKind::InputEnd: break;
  }
  return std::string("the keep says what only a tenant says");
}

std::vector<std::uint8_t> Talk::input(core::ByteView bytes) {
  std::vector<std::uint8_t> all;
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), delivery::max_record_content);
    const auto record = sealer_->seal(RecordKind::Input, bytes.first(size));
    all.insert(all.end(), record.begin(), record.end());
    bytes = bytes.subspan(size);
  }
  return all;
}

std::vector<std::uint8_t> Talk::input_end() { return sealer_->seal(RecordKind::InputEnd, {}); }

}  // namespace merlon::cli_deploy
