#include "merlon/keep/statement_file.h"

#include <gtest/gtest.h>

#include "merlon/keep/connections.h"
#include "merlon/keep/own_directory.h"
#include "merlon/statement/request.h"
#include "merlon/wasi/fd_table.h"

namespace merlon::keep {
namespace {

std::unique_ptr<wasi::ServedFile> opened(wasi::ServedDirectory& directory) {
  const auto names = directory.names();
  const auto at = std::ranges::find(names, statement_name, &wasi::ServedName::name);
  EXPECT_NE(at, names.end());
  EXPECT_TRUE(at->takes);
  auto file = directory.open(static_cast<std::size_t>(at - names.begin()));
  EXPECT_TRUE(file);
  return file ? *std::move(file) : nullptr;
}

TEST(StatementFile, AnswersEachRequestByAnAnswer) {
  const auto file = statement_file();
  EXPECT_TRUE(file->content()->empty());
  EXPECT_TRUE(file->take({}));
  EXPECT_TRUE(file->content()->empty());
  const statement::Request request{{}, statement::Commit{1000, {}}};
  ASSERT_TRUE(file->take(request.encode()->reveal()));
  EXPECT_EQ(file->content()->size(), 67U);
  ASSERT_TRUE(file->take(core::as_bytes(std::string_view("x"))));
  const auto refused = statement::Answer::parse(*file->content());
  EXPECT_EQ(refused->refusal, statement::Refusal::Form);
}

TEST(StatementFile, IsInEachKeepsDirectory) {
  Self self;
  OwnDirectory attested(self, {}, {}, nullptr, nullptr);
  EXPECT_TRUE(opened(attested));
  wasi::FdTable files;
  const auto plain = directory_of_connections(files);
  ASSERT_TRUE(opened(*plain));
  EXPECT_TRUE(plain->enter(0));
}

}  // namespace
}  // namespace merlon::keep
