#include "build/image_recipe.h"

#include <fmt/format.h>

#include <array>
#include <set>

#include "base/file.h"
#include "spec/reader.h"

namespace croft::build {
namespace {

namespace fs = std::filesystem;
using spec::Complaints;
using spec::Field;
using spec::MapReader;

constexpr std::array<std::string_view, 4> kKeys{"parent", "stages", "args", "files"};
constexpr std::array<std::string_view, 2> kKinds{"run", "build"};

void read_parent(const MapReader& top, ImageRecipe& recipe) {
  const auto field = top.require("parent");
  if (!field) return;
  if (field->node->kind == spec::NodeKind::kScalar) {
    recipe.parent_run = spec::read_text(*field, top.out()).value_or("");
    recipe.parent_build = recipe.parent_run;
    return;
  }
  const MapReader map(*field, "parent", kKinds, top.out());
  map.require("run");
  map.require("build");
  map.string("run", recipe.parent_run);
  map.string("build", recipe.parent_build);
}

// The recipe without its files; `shared` gets the folders named under `files`.
Result<ImageRecipe> parse_recipe(const std::string& file, std::string_view text,
                                 std::vector<std::string>& shared) {
  auto document = spec::parse_yaml(file, text);
  if (!document) return fail(std::move(document).error());
  Complaints out(file);
  const MapReader top(Field{document->get(), "", (*document)->at}, "a recipe", kKeys, out);
  ImageRecipe recipe;
  if (top) {
    read_parent(top, recipe);
    top.strings("args", false, recipe.args);
    top.strings("files", false, shared);
    if (const auto stages = top.get("stages"))
      for (const spec::MapEntry& entry : stages->node->entries)
        if (auto name = spec::read_text(stages->entry(entry), out))
          recipe.stages[entry.key] = *name;
  }
  if (!out.ok()) return fail(out.to_error());
  return recipe;
}

Result<ImageRecipe> load_recipe(const fs::path& folder, const std::string& name) {
  auto text = read_file(folder / name / "recipe.yml");
  if (!text) return fail(std::move(text).error());
  std::vector<std::string> shared;
  auto recipe = parse_recipe("images/" + name + "/recipe.yml", *text, shared);
  if (!recipe) return fail(std::move(recipe).error());
  recipe->name = name;
  auto files = read_context_files(folder / name, "");
  if (!files) return fail(std::move(files).error());
  files->erase("recipe.yml");
  for (const std::string& path : shared) {
    auto more = read_context_files(folder / path, path + "/");
    if (!more) return fail(std::move(more).error());
    files->merge(*more);
  }
  if (!files->contains("Dockerfile"))
    return fail(ErrorCode::kInvalid, fmt::format("the recipe images/{} has no Dockerfile", name));
  recipe->files = std::move(*files);
  return recipe;
}

}  // namespace

Result<RecipeSet> RecipeSet::load(const fs::path& folder) {
  RecipeSet set;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (!fs::exists(entry.path() / "recipe.yml")) continue;
    const std::string name = entry.path().filename().string();
    auto recipe = load_recipe(folder, name);
    if (!recipe) return fail(std::move(recipe).error());
    set.recipes_.emplace(name, std::move(*recipe));
  }
  if (error) return fail(errno_error("read the recipes in " + folder.string(), error.value()));
  auto helpers = read_context_files(folder / "lib", ".croft/");
  if (!helpers) return fail(std::move(helpers).error());
  set.helpers_ = std::move(*helpers);
  CROFT_TRY(set.check_links());
  return set;
}

const ImageRecipe* RecipeSet::find(std::string_view name) const {
  const auto found = recipes_.find(std::string(name));
  return found == recipes_.end() ? nullptr : &found->second;
}

Status RecipeSet::check_links() const {
  for (const auto& [name, recipe] : recipes_) {
    std::vector<std::string> links{recipe.parent_run, recipe.parent_build};
    for (const auto& [arg, stage] : recipe.stages) links.push_back(stage);
    for (const std::string& link : links) {
      if (link == kSuiteBase || recipes_.contains(link)) continue;
      return fail(ErrorCode::kInvalid,
                  fmt::format("images/{}/recipe.yml: there is no recipe {}", name, link));
    }
    for (const auto kind : {catalog::ImageKind::kRun, catalog::ImageKind::kBuild}) {
      std::set<std::string> seen;
      for (const ImageRecipe* at = &recipe; at; at = find(at->parent(kind))) {
        if (seen.insert(at->name).second) continue;
        return fail(ErrorCode::kInvalid,
                    fmt::format("images/{}/recipe.yml: the parents form a circle", name));
      }
    }
  }
  return {};
}

}  // namespace croft::build
