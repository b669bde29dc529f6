// What becomes of a layer; that they hold is tried in merlon/keep/confinement_test.cc.

#include "merlon/launch/layers.h"

#include <gtest/gtest.h>

namespace merlon::launch {
namespace {

using os::Errno;

TEST(Layers, NoneIsNothing) { EXPECT_EQ(Layers().describe(), "confined by nothing"); }

TEST(Layers, WhatThisKernelLacksIsLeftOutAndTold) {
  Layers layers;
  EXPECT_TRUE(layers.note({}, "limits", "cannot").has_value());
  EXPECT_TRUE(layers.note({}, "seccomp", "cannot", " (3 calls)").has_value());
  EXPECT_EQ(layers.describe(), "confined by limits, seccomp (3 calls)");
  EXPECT_TRUE(layers.note(Errno::Nosys, "landlock", "cannot", " 4").has_value());
  EXPECT_TRUE(layers.note(Errno::Perm, "no inspection", "cannot").has_value());
  EXPECT_EQ(layers.describe(),
            "confined by limits, seccomp (3 calls); not here: landlock, no inspection");
}

TEST(Layers, WhatAnOuterSandboxForbidsIsMissingAndOtherFailuresAreErrors) {
  for (const Errno missing : {Errno::Nosys, Errno::Notsup, Errno::Inval, Errno::Perm}) {
    EXPECT_TRUE(Layers().note(missing, "seccomp", "cannot").has_value());
  }
  for (const Errno failure : {Errno::Acces, Errno::Nomem, Errno::Badf}) {
    Layers layers;
    const auto noted = layers.note(failure, "seccomp", "cannot confine calls");
    ASSERT_FALSE(noted.has_value());
    EXPECT_STREQ(noted.error().what, "cannot confine calls");
    EXPECT_EQ(layers.describe(), "confined by nothing");
  }
}

}  // namespace
}  // namespace merlon::launch
