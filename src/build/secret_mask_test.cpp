#include "build/secret_mask.h"

#include <gtest/gtest.h>

namespace croft::build {
namespace {

TEST(SecretMask, HidesValuesAndTheirForms) {
  const SecretMask mask({Secret("s3cr3t/value+1"), Secret("s3cr3t/value+1 and more")});
  EXPECT_EQ(mask.hide("a s3cr3t/value+1 b s3cr3t/value+1"), "a *** b ***");
  EXPECT_EQ(mask.hide("s3cr3t/value+1 and more"), "***") << "the longer one first";
  EXPECT_EQ(mask.hide("x=s3cr3t%2Fvalue%2B1;"), "x=***;");
  // base64 of the value alone, and with a line end.
  EXPECT_EQ(mask.hide("czNjcjN0L3ZhbHVlKzE="), "***KzE=");
  EXPECT_EQ(mask.hide("czNjcjN0L3ZhbHVlKzEK"), "***KzEK");
  EXPECT_EQ(mask.hide("nothing of it"), "nothing of it");
}

TEST(SecretMask, HidesTheLinesOfAValue) {
  const SecretMask mask({Secret("-----BEGIN KEY-----\nMIIBVgIBADANBg\n-----END KEY-----\n")});
  EXPECT_EQ(mask.hide("> MIIBVgIBADANBg"), "> ***");
}

TEST(SecretMask, LeavesWhatIsTooShort) {
  EXPECT_EQ(SecretMask({Secret("build"), Secret("")}).hide("build is 8 builds"),
            "build is 8 builds");
  EXPECT_EQ(SecretMask().hide("text"), "text");
}

}  // namespace
}  // namespace croft::build
