// Makes the images of service types present in the engine.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/free_space.h"
#include "base/result.h"
#include "build/image_host.h"
#include "build/image_plan.h"
#include "build/image_recipe.h"
#include "catalog/catalog.h"
#include "engine/engine.h"
#include "task/pool.h"
#include "task/task.h"

namespace croft::build {

struct ImageStoreOptions {
  std::filesystem::path recipes;   // images/ of the installation
  std::filesystem::path cache;     // lock files and archives while they are made
  std::filesystem::path binaries;  // folder with croft-init, croft-core; croft's own programs
  std::string install_id;          // in the names of what this store makes, and its label
  std::string pin;                 // see ImagePlanInputs
  std::uint64_t min_free_bytes = kLeastFreeBytes;
  HostPaths host;  // current_host_paths(), except in tests
};

// One line of what goes on, on the thread of the caller.
using ImageProgress = std::function<void(std::string_view line)>;

struct ImageRequest {
  catalog::ImageKind kind = catalog::ImageKind::kRun;
  // Canonical types such as nodejs@22; a build image may have several.
  std::vector<std::string> types;
};

struct ImageState {
  std::string type;  // "nodejs@22"
  catalog::ImageKind kind = catalog::ImageKind::kRun;
  std::string tag;
  std::string hash;
  bool built = false;
  std::int64_t size_bytes = 0;  // with the layers it shares; 0 when not built
};

class ImageStore {
 public:
  // The references must outlive the store.
  ImageStore(engine::Engine& engine, Pool& pool, const catalog::Catalog& catalog,
             ImageStoreOptions options);

  // This installation's tag of the image, which exists when this returns; what is missing of it is
  // made, one step at a time, each by one process only. kInvalid and kUnsupported: the request (see
  // Catalog::find and plan_image); kUnavailable: an archive, a registry or the engine cannot be
  // reached; kExhausted: less than min_free_bytes free; kNotFound: a program (mmdebstrap,
  // croft-init) is missing. A failed or cancelled call leaves nothing under a tag that is not
  // complete.
  Task<Result<std::string>> ensure_image(ImageRequest request, ImageProgress progress);

  // kExhausted: too little is free where the engine or this store keeps things; kUnavailable: the
  // engine does not answer.
  Task<Status> check_free_space();

  // Every image of the catalog, internal ones included; touches nothing.
  Task<Result<std::vector<ImageState>>> list_images();

 private:
  // What planning needs from the disk.
  struct Inputs {
    RecipeSet recipes;
    ImagePlanInputs plan;
  };
  Task<Result<Inputs>> read_inputs();
  Result<ImagePlan> plan(const ImageRequest& request, const Inputs& inputs) const;
  std::map<std::string, std::string> hash_binaries() const;
  // Whether the engine has it; under the name of another installation, it gets ours too.
  Task<Result<bool>> exists(const ImageStep& step);
  // `title`: what progress calls it.
  Task<Status> make_step(const ImageStep& step, std::string title, const RecipeSet& recipes,
                         const ImageProgress& progress);
  Task<Status> make_locked(const ImageStep& step, const std::string& title,
                           const RecipeSet& recipes, const ImageProgress& progress);
  Task<Status> import_base(const ImageStep& step, const ImageProgress& progress);
  Task<Status> build_layer(const ImageStep& step, ContextFiles files,
                           std::map<std::string, std::string> args, const ImageProgress& progress);
  Task<void> remove_stages(std::string tag);
  Result<ContextFiles> recipe_context(const ImageStep& step, const RecipeSet& recipes) const;
  Result<ContextFiles> final_context(const ImageStep& step) const;
  engine::Labels labels_of(const ImageStep& step) const;

  engine::Engine& engine_;
  Pool& pool_;
  const catalog::Catalog& catalog_;
  ImageStoreOptions options_;
  std::optional<HostSettings> host_;  // read at the first build
};

}  // namespace croft::build
