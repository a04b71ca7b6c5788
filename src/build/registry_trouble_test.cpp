#include "build/registry_trouble.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace croft::build {
namespace {

using testing::HasSubstr;

RegistryTrouble found(const std::vector<std::string>& lines,
                      const std::map<std::string, std::string>& env = {}) {
  const auto trouble = find_registry_trouble(lines, env);
  EXPECT_TRUE(trouble) << lines.front();
  return trouble.value_or(RegistryTrouble{});
}

// Lines as the programs print them.
TEST(RegistryTrouble, NamesTheHostThatEachPackageManagerAsked) {
  const RegistryTrouble npm =
      found({"npm error code ENOTFOUND", "npm error syscall getaddrinfo",
             "npm error network request to https://bob:secret@registry.example.org/left-pad "
             "failed, reason: getaddrinfo ENOTFOUND registry.example.org"});
  EXPECT_EQ(npm.host, "registry.example.org");
  EXPECT_EQ(npm.setting, "NPM_CONFIG_REGISTRY");
  EXPECT_EQ(
      found({"npm error code ECONNREFUSED"}, {{"NPM_CONFIG_REGISTRY", "http://[::1]:4873/"}}).host,
      "[::1]:4873");

  const std::string pip =
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("
      "'<pip._vendor.urllib3.connection.HTTPSConnection object at 0x7f>: Failed to establish a new "
      "connection: [Errno -2] Name or service not known')': /simple/flask/";
  EXPECT_EQ(found({pip}).host, "");
  EXPECT_THAT(describe(found({pip})), HasSubstr("the default package registry cannot be reached"));
  EXPECT_EQ(found({pip}, {{"PIP_INDEX_URL", "https://u:p@mirror.example.org/pypi/simple"}}).host,
            "mirror.example.org");
  EXPECT_EQ(found({pip}).setting, "PIP_INDEX_URL");

  const RegistryTrouble go =
      found({"go: example.com/x@v1.0.0: Get \"https://proxy.example.org/example.com/x/@v/v1.0.0"
             ".info\": dial tcp: lookup proxy.example.org: no such host"});
  EXPECT_EQ(go.host, "proxy.example.org");
  EXPECT_EQ(go.setting, "GOPROXY");

  EXPECT_EQ(
      found({"curl error 6 while downloading https://packagist.example.org/packages.json: Could "
             "not resolve host: packagist.example.org"})
          .host,
      "packagist.example.org");
  EXPECT_EQ(found({"E: Failed to fetch x  Temporary failure resolving 'deb.example.org'"}).host,
            "deb.example.org");
}

TEST(RegistryTrouble, SaysWhatToCheck) {
  const std::string text =
      describe(found({"npm error network request to http://r.example.org/x failed, reason: connect "
                      "ECONNREFUSED 192.0.2.1:80"}));
  EXPECT_THAT(text, HasSubstr("r.example.org cannot be reached"));
  EXPECT_THAT(text, HasSubstr("network, DNS, proxy"));
  EXPECT_THAT(text, HasSubstr("NPM_CONFIG_REGISTRY"));
  EXPECT_THAT(describe(found({"urlopen error [SSL] certificate verify failed"})),
              HasSubstr("SSL_CERT_FILE"));
}

TEST(RegistryTrouble, OtherFailuresAreNone) {
  EXPECT_FALSE(find_registry_trouble({"error TS2304: Cannot find name 'x'.", "make: *** 2"}, {}));
  // A test that misses its database: reachable or not is said, but of no registry's setting.
  const RegistryTrouble test = found({"Error: connect ECONNREFUSED 127.0.0.1:5432"});
  EXPECT_EQ(test.setting, "");
  EXPECT_EQ(test.host, "127.0.0.1:5432");
}

}  // namespace
}  // namespace croft::build
