// A real engine, the shipped catalog and recipes, and containers of images under test.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "build/image_store.h"
#include "engine/docker/docker_engine.h"

namespace croft::build {

struct Ran {
  int exit_code = -1;
  std::string output;  // standard output and error
};

// The engine's socket comes from CROFT_TEST_ENGINE (./dev test sets it). Everything that a test
// makes besides images carries its own name and is removed; images stay, they are
// content-addressed.
class ImageFixture : public testing::Test {
 protected:
  ImageFixture();
  ~ImageFixture() override;

  ImageStoreOptions options() const;
  // The tag; a failure of the test and "" when it cannot be made. Records the time and the size.
  std::string ensure(catalog::ImageKind kind, std::vector<std::string> types);
  Result<std::string> try_ensure(const ImageStoreOptions& options, catalog::ImageKind kind,
                                 std::vector<std::string> types);
  std::size_t progress_lines() const { return progress_lines_; }

  // Starts a container without a network of its own; removed at the end.
  std::string start(const std::string& image, const std::string& user,
                    const std::vector<std::string>& command,
                    const std::map<std::string, std::string>& env, const std::string& volume = "",
                    const std::string& volume_path = "");
  Ran run(const std::string& container, const std::vector<std::string>& command,
          const std::string& user = "", const std::map<std::string, std::string>& env = {});
  // Runs the command every 200 ms until it exits with 0, at most `seconds`.
  bool becomes_true(const std::string& container, const std::vector<std::string>& command,
                    int seconds);
  void kill(const std::string& container);
  void restart(const std::string& container);
  int stop(const std::string& container);  // the exit code

  Runtime runtime_;
  Pool pool_{4};
  std::unique_ptr<engine::DockerEngine> engine_;
  Result<catalog::Catalog> catalog_;
  std::string name_;  // prefix of what this test makes
  std::filesystem::path folder_;

 private:
  std::vector<std::string> containers_;
  std::vector<std::string> volumes_;
  std::size_t progress_lines_ = 0;
};

}  // namespace croft::build
