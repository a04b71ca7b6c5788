// Which images have to exist for a service type, in which order, under which names. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "build/image_recipe.h"
#include "catalog/catalog.h"
#include "engine/image.h"

namespace croft::build {

// First part of every name. A top-level domain that never resolves (RFC 6761), so that an engine
// which lacks an image asks no public registry for it. A plan's names follow the content only; each
// installation has names of its own for the same images (name_for_installation), so that what one
// removes stays for the others.
inline constexpr const char* kImageRegistry = "croft.invalid";

struct ImagePlanInputs {
  std::string pin;  // changes when bases shall be made anew, such as a date; may be empty
  std::string architecture = "amd64";
  std::map<std::string, std::string> binary_hashes;  // of croft's own programs, by name
};

struct ImageStep {
  enum class Kind : unsigned char { kBase, kRecipe, kFinal };
  Kind kind = Kind::kRecipe;
  std::string tag;    // "registry/name:hash"
  std::string title;  // for people: "php on trixie, build"
  int number = 0;     // 1.. of the plan's steps
  std::string hash;
  std::string suite;
  std::string recipe;                       // kRecipe
  std::map<std::string, std::string> args;  // kRecipe: build arguments
  std::string parent_tag;                   // kRecipe and kFinal
  engine::ImageConfig config;               // kFinal: how its containers run
  std::vector<std::string> binaries;        // kFinal: programs to add
};

// In the order to make them; the last one is the image.
struct ImagePlan {
  std::vector<ImageStep> steps;
  const ImageStep& image() const { return steps.back(); }
};

// The plan of one run image, or of one build image that has all of `types` (their suites must
// agree). kUnsupported when they cannot share an image; kInvalid when the catalog lacks an argument
// of a recipe; kInternal when a type names a recipe that does not exist.
Result<ImagePlan> plan_image(const RecipeSet& recipes, const std::vector<catalog::Resolved>& types,
                             catalog::ImageKind kind, const ImagePlanInputs& inputs);

// "croft.invalid/ab12cd/base-trixie:hash" of "croft.invalid/base-trixie:hash".
std::string installation_tag(std::string_view tag, std::string_view install_id);
// The other way round: what it is a name for, whichever installation has it. Other names stay.
std::string content_tag(std::string_view tag);
// Gives every image of the plan the installation's name. Hashes stay: they are of the content.
void name_for_installation(ImagePlan& plan, std::string_view install_id);

}  // namespace croft::build
