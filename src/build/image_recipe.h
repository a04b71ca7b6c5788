// The recipes of images/: how one layer of an image is made, on top of which other one.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "build/image_context.h"
#include "catalog/types.h"

namespace croft::build {

// The name that stands for the plain Debian base of the suite, in `parent` and `stages`.
inline constexpr std::string_view kSuiteBase = "suite";

struct ImageRecipe {
  std::string name;          // of its folder
  std::string parent_run;    // recipe below it in a run image, or kSuiteBase
  std::string parent_build;  // the same in a build image
  // Images the Dockerfile takes files from: name of the build argument to recipe (or kSuiteBase).
  std::map<std::string, std::string> stages;
  // Build arguments that the catalog must give; KIND (run, build) comes from the request.
  std::vector<std::string> args;
  ContextFiles files;  // the build context without the shared helpers

  const std::string& parent(catalog::ImageKind kind) const {
    return kind == catalog::ImageKind::kRun ? parent_run : parent_build;
  }
};

class RecipeSet {
 public:
  // Reads every folder of `folder` that has a recipe.yml. kInvalid with located complaints, also
  // for a parent or stage that does not exist and for recipes that stand on each other in a circle.
  static Result<RecipeSet> load(const std::filesystem::path& folder);

  // Null when there is none.
  const ImageRecipe* find(std::string_view name) const;
  const std::map<std::string, ImageRecipe>& recipes() const { return recipes_; }
  // Helpers that every build context gets under .croft/.
  const ContextFiles& helpers() const { return helpers_; }

 private:
  Status check_links() const;

  std::map<std::string, ImageRecipe> recipes_;
  ContextFiles helpers_;
};

}  // namespace croft::build
