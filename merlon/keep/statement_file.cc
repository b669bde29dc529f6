#include "merlon/keep/statement_file.h"

#include "merlon/statement/request.h"

namespace merlon::keep {

namespace {

class StatementFile final : public wasi::ServedFile {
 public:
  wasi::Result<core::ByteView> content() override { return answer_.reveal(); }
  std::size_t most_taken() const noexcept override { return statement::max_request_size; }
  wasi::Result<void> take(core::ByteView request) override {
    if (request.empty()) return {};
    zk::RandomScalars random;
    answer_ = statement::answer(request, random);
    return {};
  }

 private:
  crypto::SecretBytes answer_;
};

}  // namespace

std::unique_ptr<wasi::ServedFile> statement_file() { return std::make_unique<StatementFile>(); }

}  // namespace merlon::keep
