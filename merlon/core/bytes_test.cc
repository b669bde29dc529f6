#include "merlon/core/bytes.h"

#include <string_view>

#include <gtest/gtest.h>

namespace merlon::core {
namespace {

TEST(Bytes, TextAndBytesAreViewsOfTheSameMemory) {
  constexpr std::string_view text = "a\0z";
  const ByteView view = as_bytes(text);
  EXPECT_EQ(view.size(), text.size());
  EXPECT_EQ(view[0], 'a');
  EXPECT_EQ(as_text(view).data(), text.data());
  EXPECT_EQ(as_text(view), text);
}

}  // namespace
}  // namespace merlon::core
