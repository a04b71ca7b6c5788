#include "build/image_host.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "build/image_base.h"
#include "build/image_trouble.h"

namespace croft::build {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(AptSources, LinesWithOptionsAndComments) {
  const auto sources = parse_apt_lines(
      "# deb http://old/debian bookworm main\n"
      "deb [arch=amd64 signed-by=/k.gpg] http://mirror/debian bookworm main contrib # ours\n"
      "deb-src http://mirror/debian bookworm main\n"
      "deb http://mirror/flat ./\n");
  EXPECT_THAT(sources, ElementsAre(AptSource{"http://mirror/debian", "bookworm", "main contrib"}));
}

TEST(AptSources, StanzasWithContinuationAndDisabled) {
  const auto sources = parse_apt_stanzas(
      "Types: deb deb-src\n"
      "# a comment\n"
      "URIs: http://mirror/debian\n"
      "Suites: bookworm\n"
      "  bookworm-updates\n"
      "Components: main\n"
      "\n"
      "Types: deb\nURIs: http://off/\nSuites: bookworm\nComponents: main\nEnabled: no\n"
      "\n"
      "Types: deb-src\nURIs: http://src/\nSuites: bookworm\nComponents: main\n");
  EXPECT_THAT(sources, ElementsAre(AptSource{"http://mirror/debian", "bookworm", "main"},
                                   AptSource{"http://mirror/debian", "bookworm-updates", "main"}));
}

TEST(AptSources, OtherSuitesFollowTheHostsMirror) {
  const std::vector<AptSource> host{{"http://m/debian", "bookworm", "main contrib"},
                                    {"http://m/debian", "bookworm-updates", "main"},
                                    {"http://m/security", "bookworm-security", "main"},
                                    {"http://m/debian", "bookworm-backports", "main"},
                                    {"http://third/party", "bookworm", "stable"},
                                    {"http://third/party", "tool-bookworm", "main"}};
  EXPECT_THAT(apt_sources_for(host, "bookworm", "trixie"),
              ElementsAre(AptSource{"http://m/debian", "trixie", "main"},
                          AptSource{"http://m/debian", "trixie-updates", "main"},
                          AptSource{"http://m/security", "trixie-security", "main"}));
  EXPECT_THAT(apt_sources_for(host, "bookworm", "sid"),
              ElementsAre(AptSource{"http://m/debian", "sid", "main"}));
  EXPECT_THAT(apt_sources_for(host, "noble", "trixie"), IsEmpty());
  EXPECT_THAT(apt_sources_for(host, "", "trixie"), IsEmpty());
}

TEST(Mmdebstrap, ArgumentsCarryTheMirrorButNoProxyIntoTheImage) {
  HostSettings host;
  host.codename = "bookworm";
  host.apt_sources = {{"http://m/debian", "bookworm", "main"}};
  host.apt_transport = "Acquire::http::Proxy \"http://user:secret@proxy:3128\";\n";
  host.apt_validity = "Acquire::Check-Valid-Until \"false\";\n";
  const auto argv = mmdebstrap_arguments(host, "trixie", "/cache", "/cache/rootfs.tar");
  EXPECT_EQ(argv.front(), "mmdebstrap");
  EXPECT_THAT(argv, Contains("--aptopt=Acquire::Check-Valid-Until \"false\""));
  EXPECT_THAT(argv, Contains("deb http://m/debian trixie main"));
  EXPECT_THAT(argv, Contains(HasSubstr("rm \"$1/etc/apt/apt.conf.d/00croft-host.conf\"")));
  EXPECT_THAT(argv, Not(Contains(HasSubstr("secret"))));
}

class HostSettingsTest : public testing::Test {
 protected:
  HostSettingsTest() {
    root_ = testing::TempDir() + "/host-" +
            testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(root_);
    paths_.apt = root_ / "etc/apt";
    paths_.os_release = root_ / "etc/os-release";
    paths_.ca_certificates = root_ / "etc/ca.pem";
    paths_.home = root_ / "home";
  }
  ~HostSettingsTest() override { std::filesystem::remove_all(root_); }
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  std::filesystem::path root_;
  HostPaths paths_;
};

TEST_F(HostSettingsTest, EnvironmentWinsOverFiles) {
  write("etc/os-release", "ID=debian\nVERSION_CODENAME=bookworm\n");
  write("etc/apt/sources.list", "deb http://m/debian bookworm main\n");
  write("etc/ca.pem", "PEM");
  write("home/.npmrc", "fund=false\nregistry=http://file/npm/\n");
  write("home/.config/go/env", "GOPROXY=http://file/go\nGOTOOLCHAIN=local\n");
  write("etc/pip.conf", "[global]\nindex-url = http://file/pip\n");
  paths_.environment = {
      {"GOPROXY", "http://env/go"}, {"https_proxy", "http://p:1"}, {"SECRET", "x"}};
  const HostSettings settings = read_host_settings(paths_);
  EXPECT_EQ(settings.codename, "bookworm");
  EXPECT_EQ(settings.apt_sources.size(), 1u);
  EXPECT_EQ(settings.ca_certificates, "PEM");
  EXPECT_EQ(settings.env.at("GOPROXY"), "http://env/go");
  EXPECT_EQ(settings.env.at("NPM_CONFIG_REGISTRY"), "http://file/npm/");
  EXPECT_EQ(settings.env.at("PIP_INDEX_URL"), "http://file/pip");
  EXPECT_EQ(settings.env.at("https_proxy"), "http://p:1");
  EXPECT_FALSE(settings.env.contains("SECRET"));
}

TEST_F(HostSettingsTest, AnEmptyMachineHasNoSettings) {
  const HostSettings settings = read_host_settings(paths_);
  EXPECT_THAT(settings.apt_sources, IsEmpty());
  EXPECT_THAT(settings.env, IsEmpty());
  EXPECT_EQ(settings.ca_certificates, "");
}

TEST(ShellExports, QuotesEveryValue) {
  EXPECT_EQ(shell_exports({{"A", "it's $x"}}), "export A='it'\\''s $x'\n");
}

TEST(BuildTrouble, SaysWhatTheOutputShows) {
  const Error unreachable = build_trouble(
      "image static", "code 100",
      "Err:1 http://m/debian trixie InRelease\n  Temporary failure resolving 'm'\nE: failed\n");
  EXPECT_EQ(unreachable.code(), ErrorCode::kUnavailable);
  EXPECT_THAT(unreachable.message(), HasSubstr("Temporary failure resolving 'm'"));
  const Error certificate =
      build_trouble("x", "y", "urlopen error [SSL: CERTIFICATE] certificate verify failed\n");
  EXPECT_THAT(certificate.message(), HasSubstr("SSL_CERT_FILE"));
  EXPECT_EQ(build_trouble("x", "y", "write: No space left on device").code(),
            ErrorCode::kExhausted);
  const Error other = build_trouble("x", "ended with 2", "one\n\ntwo\n");
  EXPECT_EQ(other.code(), ErrorCode::kFailed);
  EXPECT_EQ(other.message(), "x: ended with 2; its last lines:\n  one\n  two");
}

}  // namespace
}  // namespace croft::build
