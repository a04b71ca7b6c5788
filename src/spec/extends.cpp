#include "spec/extends.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "spec/suggest.h"

namespace croft::spec {
namespace {

constexpr std::size_t kMaxLevels = 10;
constexpr std::size_t kMaxParents = 20;
// Of all merged setups together; what one file may expand to (yaml.h has the same for aliases).
constexpr std::size_t kMaxNodes = 100'000;

// How far down two values are merged key by key.
enum class MergeDepth : unsigned char { kSetup, kSection, kVariables };

class Extender {
 public:
  Extender(const std::vector<Field>& setups, Complaints& out) : setups_(setups), out_(out) {}
  std::vector<ExtendedSetup> run();

 private:
  void index_names();
  std::vector<Field> parents_of(const Field& setup) const;
  // Null after a complaint; the field's own node when it extends nothing.
  NodePtr resolved(std::size_t index);
  NodePtr merged(std::size_t index, const std::vector<Field>& parents);
  bool grow(std::size_t nodes, const Field& at);

  const std::vector<Field>& setups_;
  Complaints& out_;
  std::map<std::string, std::size_t> by_name_;
  std::set<std::size_t> templates_;
  std::map<std::size_t, NodePtr> done_;
  std::vector<std::size_t> path_;
  std::size_t nodes_ = 0;
};

// A pointer that owns nothing: the document outlives it.
NodePtr borrowed(const Node* node) {
  return {NodePtr(), node};
}

std::string entry_origin(const MapEntry& entry, const std::string& container) {
  return entry.origin.empty() ? container + pointer_step(entry.key) : entry.origin;
}

NodePtr merge(const Node& base, const std::string& base_pointer, const Node& child,
              const std::string& child_pointer, MergeDepth depth) {
  auto result = std::make_shared<Node>(child);
  result->entries.clear();
  result->weight = 1;
  const auto add = [&](MapEntry entry) {
    result->weight += entry.value->weight + 1;
    result->entries.push_back(std::move(entry));
  };
  for (const MapEntry& own : child.entries) {
    const MapEntry* inherited = base.find(own.key);
    MapEntry entry = own;
    entry.origin = entry_origin(own, child_pointer);
    const bool deeper =
        depth == MergeDepth::kSetup || (depth == MergeDepth::kSection && own.key == "envVariables");
    if (inherited != nullptr && deeper && inherited->value->kind == NodeKind::kMapping &&
        own.value->kind == NodeKind::kMapping) {
      entry.value =
          merge(*inherited->value, entry_origin(*inherited, base_pointer), *own.value, entry.origin,
                depth == MergeDepth::kSetup ? MergeDepth::kSection : MergeDepth::kVariables);
    } else if (depth == MergeDepth::kVariables && own.value->is_null() && inherited != nullptr) {
      continue;
    }
    add(std::move(entry));
  }
  for (const MapEntry& inherited : base.entries) {
    if (child.find(inherited.key) != nullptr) continue;
    if (depth == MergeDepth::kSetup && (inherited.key == "setup" || inherited.key == "extends")) {
      continue;
    }
    MapEntry entry = inherited;
    entry.origin = entry_origin(inherited, base_pointer);
    add(std::move(entry));
  }
  return result;
}

void Extender::index_names() {
  for (std::size_t i = 0; i < setups_.size(); ++i) {
    if (setups_[i]->kind != NodeKind::kMapping) continue;
    const MapEntry* name = setups_[i]->find("setup");
    if (name == nullptr || name->value->kind != NodeKind::kScalar || name->value->text.empty()) {
      out_.error(setups_[i].at(), setups_[i].pointer, "a setup needs a name: 'setup: NAME'");
      continue;
    }
    const auto [first, fresh] = by_name_.emplace(name->value->text, i);
    if (fresh) continue;
    const Position other = setups_[first->second]->find("setup")->value->at;
    const std::string pointer = setups_[i].pointer + "/setup";
    out_.error(name->value->at, pointer,
               fmt::format("the setup '{}' is already defined at {}:{}", name->value->text,
                           other.line, other.column));
    out_.error(other, setups_[first->second].pointer + "/setup",
               fmt::format("the setup '{}' is defined again at {}:{}", name->value->text,
                           name->value->at.line, name->value->at.column));
  }
}

// Names only; wrong types are reported by whoever reads the setup.
std::vector<Field> Extender::parents_of(const Field& setup) const {
  std::vector<Field> result;
  const MapEntry* entry = setup->find("extends");
  if (entry == nullptr || entry->value->is_null()) return result;
  const Field field = setup.entry(*entry);
  if (field->kind == NodeKind::kScalar) result.push_back(field);
  for (std::size_t i = 0; i < field->items.size(); ++i) {
    if (field->items[i]->kind == NodeKind::kScalar) result.push_back(field.item(i));
  }
  return result;
}

bool Extender::grow(std::size_t nodes, const Field& at) {
  nodes_ += nodes;
  if (nodes_ <= kMaxNodes) return true;
  out_.error(at.at(), at.pointer,
             fmt::format("the file's setups grow beyond {} values by extends: refused", kMaxNodes));
  return false;
}

NodePtr Extender::merged(std::size_t index, const std::vector<Field>& parents) {
  const Field& own = setups_[index];
  NodePtr base;
  std::string base_pointer;
  for (const Field& parent : parents) {
    const auto found = by_name_.find(parent->text);
    if (found == by_name_.end()) {
      std::vector<std::string> names;
      for (const auto& [name, unused] : by_name_) names.push_back(name);
      const std::string close = nearest(parent->text, names);
      out_.error(parent.at(), parent.pointer,
                 fmt::format("there is no setup '{}' to extend{}", parent->text.substr(0, 80),
                             close.empty() ? "" : fmt::format("; did you mean '{}'?", close)));
      return nullptr;
    }
    templates_.insert(found->second);
    if (std::ranges::find(path_, found->second) != path_.end()) {
      out_.error(parent.at(), parent.pointer,
                 fmt::format("'{}' extends itself, by way of what it extends", parent->text));
      return nullptr;
    }
    if (path_.size() > kMaxLevels) {
      out_.error(parent.at(), parent.pointer,
                 fmt::format("extends goes deeper than {} levels", kMaxLevels));
      return nullptr;
    }
    const NodePtr node = resolved(found->second);
    if (!node) return nullptr;
    const std::string& pointer = setups_[found->second].pointer;
    base = base ? merge(*base, base_pointer, *node, pointer, MergeDepth::kSetup) : node;
    base_pointer = pointer;
    if (!grow(base->weight, parent)) return nullptr;
  }
  NodePtr result = merge(*base, base_pointer, *own, own.pointer, MergeDepth::kSetup);
  return grow(result->weight, own) ? result : nullptr;
}

NodePtr Extender::resolved(std::size_t index) {
  if (const auto found = done_.find(index); found != done_.end()) return found->second;
  const Field& own = setups_[index];
  const std::vector<Field> parents = parents_of(own);
  NodePtr result;
  if (parents.empty()) {
    result = borrowed(own.node);
  } else if (parents.size() > kMaxParents) {
    out_.error(own->find("extends")->at, own.pointer + "/extends",
               fmt::format("a setup extends at most {} others", kMaxParents));
  } else {
    path_.push_back(index);
    result = merged(index, parents);
    path_.pop_back();
  }
  done_[index] = result;
  return result;
}

std::vector<ExtendedSetup> Extender::run() {
  index_names();
  std::vector<ExtendedSetup> result;
  for (std::size_t i = 0; i < setups_.size(); ++i) {
    ExtendedSetup setup{setups_[i], resolved(i), false};
    if (setup.owner) setup.field.node = setup.owner.get();
    result.push_back(std::move(setup));
  }
  for (const std::size_t i : templates_) result[i].is_template = true;
  return result;
}

}  // namespace

std::vector<ExtendedSetup> resolve_extends(const std::vector<Field>& setups, Complaints& out) {
  return Extender(setups, out).run();
}

}  // namespace croft::spec
