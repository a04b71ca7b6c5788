#include "build/image_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "build/image_base.h"
#include "build/image_hash.h"

namespace croft::build {
namespace {

using catalog::ImageKind;
using catalog::Resolved;

// The one suite that all types can stand on.
Result<std::string> choose_suite(const std::vector<Resolved>& types) {
  const Resolved* decisive = nullptr;
  for (const Resolved& type : types) {
    if (type.version->suite == catalog::kAnySuite) continue;
    if (decisive && decisive->version->suite != type.version->suite) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("{} comes from Debian {} and {} from {}: they cannot share one build "
                              "container; choose versions of one release",
                              decisive->canonical(), decisive->version->suite, type.canonical(),
                              type.version->suite));
    }
    decisive = &type;
  }
  return decisive ? decisive->version->suite : std::string(catalog::kDefaultSuite);
}

const std::string& recipe_of(const Resolved& type, ImageKind kind) {
  return kind == ImageKind::kRun ? type.type->run_recipe : type.type->build_recipe;
}

class Planner {
 public:
  Planner(const RecipeSet& recipes, const ImagePlanInputs& inputs, std::string suite,
          ImageKind kind)
      : recipes_(recipes), inputs_(inputs), suite_(std::move(suite)), kind_(kind) {}

  // Stacks the recipe (and what it stands on) on the image so far, unless it is in it already.
  Status add_recipe(const std::string& name, const std::map<std::string, std::string>& args) {
    if (top_ == kNone) top_ = add_base();
    return stack(name, kind_, args, in_image_, top_);
  }

  void add_final(const std::vector<Resolved>& types);
  ImagePlan take() {
    int number = 0;
    for (ImageStep& step : plan_.steps) step.number = ++number;
    return std::move(plan_);
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::size_t add_base();
  std::size_t add_step(ImageStep step);
  Status stack(const std::string& name, ImageKind kind,
               const std::map<std::string, std::string>& args, std::vector<std::string>& present,
               std::size_t& top);
  Result<std::size_t> add_stage(const std::string& name);
  Result<ImageStep> make_step(const ImageRecipe& recipe, ImageKind kind,
                              const std::map<std::string, std::string>& args, std::size_t parent);

  const RecipeSet& recipes_;
  const ImagePlanInputs& inputs_;
  std::string suite_;
  ImageKind kind_;
  ImagePlan plan_;
  std::vector<std::string> in_image_;  // recipes in the image so far
  std::size_t top_ = kNone;            // step of the image so far
};

// The index of the step with this tag; appended when it is new.
std::size_t Planner::add_step(ImageStep step) {
  const auto found = std::ranges::find(plan_.steps, step.tag, &ImageStep::tag);
  if (found != plan_.steps.end()) return static_cast<std::size_t>(found - plan_.steps.begin());
  plan_.steps.push_back(std::move(step));
  return plan_.steps.size() - 1;
}

std::size_t Planner::add_base() {
  ContentHash hash;
  hash.add(kBaseFormat).add(suite_).add(inputs_.architecture).add(inputs_.pin);
  ImageStep step;
  step.kind = ImageStep::Kind::kBase;
  step.hash = hash.finish();
  step.suite = suite_;
  step.tag = fmt::format("{}/base-{}:{}", kImageRegistry, suite_, step.hash);
  step.title = "Debian " + suite_;
  return add_step(std::move(step));
}

Status Planner::stack(const std::string& name, ImageKind kind,
                      const std::map<std::string, std::string>& args,
                      std::vector<std::string>& present, std::size_t& top) {
  if (name == kSuiteBase || std::ranges::find(present, name) != present.end()) return {};
  const ImageRecipe* recipe = recipes_.find(name);
  if (!recipe)
    return fail(ErrorCode::kInternal, fmt::format("the catalog names the recipe {}, which does not "
                                                  "exist in images/",
                                                  name));
  CROFT_TRY(stack(recipe->parent(kind), kind, args, present, top));
  auto step = make_step(*recipe, kind, args, top);
  if (!step) return fail(std::move(step).error());
  top = add_step(std::move(*step));
  present.push_back(name);
  return {};
}

// A stage is an image of its own, of the build kind: compilers and scripts may run there.
Result<std::size_t> Planner::add_stage(const std::string& name) {
  std::vector<std::string> present;
  std::size_t top = add_base();
  CROFT_TRY(stack(name, ImageKind::kBuild, {}, present, top));
  return top;
}

Result<ImageStep> Planner::make_step(const ImageRecipe& recipe, ImageKind kind,
                                     const std::map<std::string, std::string>& args,
                                     std::size_t parent) {
  ImageStep step;
  step.suite = suite_;
  step.recipe = recipe.name;
  step.args["CROFT_PIN"] = inputs_.pin;
  step.title = fmt::format("{} on {}", recipe.name, suite_);
  for (const std::string& name : recipe.args) {
    // Recipes that do not ask for the kind are one layer in both kinds of images.
    if (name == "KIND") {
      step.args[name] = std::string(to_string(kind));
      step.title += fmt::format(", {}", to_string(kind));
      continue;
    }
    const auto found = args.find(name);
    if (found == args.end()) {
      return fail(ErrorCode::kInvalid, fmt::format("the recipe {} needs the argument {}, which the "
                                                   "catalog does not give",
                                                   recipe.name, name));
    }
    step.args[name] = found->second;
  }
  // Names of other images are in the hash by the hashes they end with.
  step.parent_tag = plan_.steps[parent].tag;
  step.args["PARENT"] = step.parent_tag;
  for (const auto& [arg, stage] : recipe.stages) {
    const auto index = add_stage(stage);
    if (!index) return fail(index.error());
    step.args[arg] = plan_.steps[*index].tag;
  }
  ContentHash hash;
  hash.add("recipe-1").add(recipe.name);
  for (const auto& [name, value] : step.args) hash.add(name).add(value);
  for (const ContextFiles* files : {&recipe.files, &recipes_.helpers()})
    for (const auto& [path, file] : *files)
      hash.add(path).add(file.content).add(file.link_to).add(file.executable ? "x" : "-");
  step.hash = hash.finish();
  step.tag = fmt::format("{}/layer-{}:{}", kImageRegistry, recipe.name, step.hash);
  return step;
}

void Planner::add_final(const std::vector<Resolved>& types) {
  const catalog::ServiceType& type = *types.front().type;
  ImageStep step;
  step.kind = ImageStep::Kind::kFinal;
  step.suite = suite_;
  step.parent_tag = plan_.steps[top_].tag;
  step.binaries = type.binaries;
  step.config.entrypoint =
      type.entrypoint.empty() ? std::vector<std::string>{"/croft/init"} : type.entrypoint;
  step.config.workdir = type.workdir;
  for (const Resolved& each : types)
    step.config.env.insert(each.type->env.begin(), each.type->env.end());
  step.config.env.emplace("LANG", "C.UTF-8");
  ContentHash hash;
  hash.add("final-1").add(step.parent_tag).add(step.config.workdir);
  for (const std::string& word : step.config.entrypoint) hash.add(word);
  for (const auto& [name, value] : step.config.env) hash.add(name).add(value);
  for (const std::string& name : step.binaries) {
    const auto found = inputs_.binary_hashes.find(name);
    hash.add(name).add(found == inputs_.binary_hashes.end() ? "" : found->second);
  }
  step.hash = hash.finish();
  std::string name;
  std::string version;
  for (const Resolved& each : types) {
    name += (name.empty() ? "" : "-") + each.type->name;
    version += each.version->version + "-";
    step.title += (step.title.empty() ? "" : " + ") + each.canonical();
  }
  step.title += fmt::format(" ({})", to_string(kind_));
  step.tag =
      fmt::format("{}/{}-{}:{}{}", kImageRegistry, name, to_string(kind_), version, step.hash);
  step.config.labels["croft.image.type"] = types.front().canonical();
  add_step(std::move(step));
}

}  // namespace

std::string installation_tag(std::string_view tag, std::string_view install_id) {
  const std::string_view registry = kImageRegistry;
  check(tag.starts_with(registry), "not a name of an image of ours");
  return fmt::format("{}/{}{}", registry, install_id, tag.substr(registry.size()));
}

std::string content_tag(std::string_view tag) {
  const std::string prefix = std::string(kImageRegistry) + "/";
  if (!tag.starts_with(prefix)) return std::string(tag);
  const std::size_t slash = tag.find('/', prefix.size());
  return slash == std::string_view::npos ? std::string(tag)
                                         : prefix + std::string(tag.substr(slash + 1));
}

void name_for_installation(ImagePlan& plan, std::string_view install_id) {
  for (ImageStep& step : plan.steps) {
    step.tag = installation_tag(step.tag, install_id);
    if (!step.parent_tag.empty()) step.parent_tag = installation_tag(step.parent_tag, install_id);
    for (auto& [name, value] : step.args) {
      if (value.starts_with(kImageRegistry)) value = installation_tag(value, install_id);
    }
  }
}

Result<ImagePlan> plan_image(const RecipeSet& recipes, const std::vector<Resolved>& types,
                             ImageKind kind, const ImagePlanInputs& inputs) {
  check(!types.empty(), "an image is of at least one type");
  check(kind == ImageKind::kBuild || types.size() == 1, "a run image is of one type");
  auto suite = choose_suite(types);
  if (!suite) return fail(std::move(suite).error());
  Planner planner(recipes, inputs, *suite, kind);
  for (const Resolved& type : types) {
    const std::string& recipe = recipe_of(type, kind);
    if (recipe.empty()) {
      return fail(ErrorCode::kUnsupported,
                  fmt::format("{} has no {} image", type.canonical(), to_string(kind)));
    }
    if (auto done = planner.add_recipe(recipe, type.version->args); !done)
      return fail(std::move(done).error().in(type.canonical()));
  }
  planner.add_final(types);
  return planner.take();
}

}  // namespace croft::build
