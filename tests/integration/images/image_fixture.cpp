#include "image_fixture.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace croft::build {
namespace {

constexpr Millis kLimit{60'000};

Task<Result<Ran>> run_session(engine::Engine& engine, std::string container,
                              engine::ExecSpec spec) {
  auto session = co_await engine.exec(container, spec, kLimit);
  if (!session) co_return fail(std::move(session).error());
  Ran ran;
  for (;;) {
    auto piece = co_await (*session)->read();
    if (!piece) co_return fail(std::move(piece).error());
    if (!*piece) break;
    ran.output += (*piece)->data;
  }
  auto code = co_await (*session)->exit_code(kLimit);
  if (!code) co_return fail(std::move(code).error());
  ran.exit_code = *code;
  co_return ran;
}

}  // namespace

ImageFixture::ImageFixture()
    : catalog_(catalog::Catalog::load(CROFT_SOURCE_DIR "/catalog")),
      name_(fmt::format("croft-imagetest-{}-{}", ::getpid(),
                        testing::UnitTest::GetInstance()->current_test_info()->name())),
      folder_(std::filesystem::temp_directory_path() / name_) {
  const char* socket = std::getenv("CROFT_TEST_ENGINE");
  if (!socket) throw std::runtime_error("CROFT_TEST_ENGINE must name the socket of an engine");
  engine_ = std::make_unique<engine::DockerEngine>(runtime_, socket);
}

ImageFixture::~ImageFixture() {
  for (const std::string& id : containers_)
    (void)runtime_.run_until_done(engine_->remove_container(id, true, kLimit));
  for (const std::string& name : volumes_)
    (void)runtime_.run_until_done(engine_->remove_volume(name, kLimit));
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

ImageStoreOptions ImageFixture::options() const {
  ImageStoreOptions options;
  options.recipes = CROFT_SOURCE_DIR "/images";
  options.cache = folder_;
  options.binaries = CROFT_BINARY_DIR;
  options.install_id = "imgtst";
  options.host = current_host_paths();
  return options;
}

Result<std::string> ImageFixture::try_ensure(const ImageStoreOptions& options,
                                             catalog::ImageKind kind,
                                             std::vector<std::string> types) {
  progress_lines_ = 0;
  ImageStore store(*engine_, pool_, *catalog_, options);
  const ImageProgress progress = [this](std::string_view line) {
    ++progress_lines_;
    if (std::getenv("CROFT_TEST_VERBOSE") || line.find(": done in") != std::string_view::npos)
      std::cout << "  " << line << std::endl;
  };
  return runtime_.run_until_done(store.ensure_image({kind, std::move(types)}, progress));
}

std::string ImageFixture::ensure(catalog::ImageKind kind, std::vector<std::string> types) {
  const SystemClock clock;
  const Millis started = clock.steady();
  auto tag = try_ensure(options(), kind, types);
  if (!tag) {
    ADD_FAILURE() << tag.error().describe();
    return "";
  }
  const auto info = runtime_.run_until_done(engine_->inspect_image(*tag, kLimit));
  std::cout << fmt::format("{}: {:.1f} s, {} MB", *tag,
                           static_cast<double>((clock.steady() - started).count()) / 1000,
                           info ? info->size_bytes / 1'000'000 : 0)
            << std::endl;
  return *tag;
}

std::string ImageFixture::start(const std::string& image, const std::string& user,
                                const std::vector<std::string>& command,
                                const std::map<std::string, std::string>& env,
                                const std::string& volume, const std::string& volume_path) {
  engine::ContainerSpec spec;
  spec.name = fmt::format("{}-{}", name_, containers_.size());
  spec.network_mode = "none";
  spec.settings.image = image;
  spec.settings.command = command;
  spec.settings.user = user;
  spec.settings.env = env;
  spec.settings.labels["croft.install"] = "imgtst";
  if (!volume.empty()) {
    const std::string name = name_ + "-" + volume;
    spec.settings.mounts = {{.source = name, .target = volume_path}};
    volumes_.push_back(name);
  }
  auto id = runtime_.run_until_done(engine_->create_container(spec, kLimit));
  if (!id) {
    ADD_FAILURE() << id.error().describe();
    return "";
  }
  containers_.push_back(*id);
  const auto started = runtime_.run_until_done(engine_->start_container(*id, kLimit));
  EXPECT_TRUE(started) << (started ? "" : started.error().describe());
  return *id;
}

Ran ImageFixture::run(const std::string& container, const std::vector<std::string>& command,
                      const std::string& user, const std::map<std::string, std::string>& env) {
  engine::ExecSpec spec;
  spec.command = command;
  spec.user = user;
  spec.env = env;
  auto ran = runtime_.run_until_done(run_session(*engine_, container, spec));
  if (ran) return *ran;
  return {.exit_code = -1, .output = ran.error().describe()};
}

bool ImageFixture::becomes_true(const std::string& container,
                                const std::vector<std::string>& command, int seconds) {
  for (int i = 0; i < seconds * 5; ++i) {
    if (run(container, command).exit_code == 0) return true;
    runtime_.run_until_done(sleep_for(Millis(200)));
  }
  return false;
}

void ImageFixture::kill(const std::string& container) {
  (void)runtime_.run_until_done(engine_->kill_container(container, 9, kLimit));
  (void)runtime_.run_until_done(engine_->wait_container(container, kLimit));
}

void ImageFixture::restart(const std::string& container) {
  const auto started = runtime_.run_until_done(engine_->start_container(container, kLimit));
  EXPECT_TRUE(started) << (started ? "" : started.error().describe());
}

int ImageFixture::stop(const std::string& container) {
  const auto stopped =
      runtime_.run_until_done(engine_->stop_container(container, Millis(20'000), kLimit));
  EXPECT_TRUE(stopped) << (stopped ? "" : stopped.error().describe());
  const auto info = runtime_.run_until_done(engine_->inspect_container(container, kLimit));
  return info ? info->exit_code.value_or(-1) : -1;
}

}  // namespace croft::build
