#include "daemon/image_command.h"

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "build/image_store.h"
#include "catalog/catalog.h"
#include "daemon/parts.h"
#include "engine/docker/docker_engine.h"

namespace croft {

Result<std::string> running_install_id(const std::filesystem::path& home) {
  return read_file(home / "state" / kInstallIdFile);
}

Task<int> list_images(Runtime& runtime, DaemonOptions options, std::string install_id,
                      bool build_all) {
  auto catalog = catalog::Catalog::load(options.data / "catalog");
  if (!catalog) {
    log_error("cannot read the catalog", {{"error", catalog.error().describe()}});
    co_return 1;
  }
  engine::DockerEngine engine(runtime, options.engine_socket);
  Pool pool(2);
  build::ImageStore store(engine, pool, *catalog,
                          image_store_options(options, std::move(install_id)));
  auto listed = co_await store.list_images();
  if (!listed) {
    log_error("cannot list the images", {{"error", listed.error().describe()}});
    co_return 1;
  }
  int failed = 0;
  for (const build::ImageState& image : *listed) {
    if (!build_all || image.built) continue;
    const auto progress = [&image](std::string_view line) {
      fmt::print(stderr, "{}: {}\n", image.type, line);
    };
    auto made = co_await store.ensure_image({.kind = image.kind, .types = {image.type}}, progress);
    if (made) continue;
    ++failed;
    log_error("cannot build an image", {{"type", image.type}, {"error", made.error().describe()}});
  }
  if (build_all) listed = co_await store.list_images();
  if (!listed) co_return 1;
  for (const build::ImageState& image : *listed) {
    fmt::print("{:<20} {:<6} {:<7} {:>6} MB  {}\n", image.type, catalog::to_string(image.kind),
               image.built ? "built" : "absent", image.size_bytes / 1'000'000, image.tag);
  }
  co_return failed == 0 ? 0 : 1;
}

}  // namespace croft
