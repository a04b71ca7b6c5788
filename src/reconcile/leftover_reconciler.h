// Images that nobody will run again: of versions that are gone, but whose image could not be
// removed with them because a container still had it, the engine was away, or croftd died.
#pragma once

#include "engine/engine.h"
#include "reconcile/loop.h"
#include "reconcile/names.h"
#include "store/store.h"

namespace croft {

class LeftoverReconciler final : public Reconciler {
 public:
  LeftoverReconciler(Store& store, engine::ImageEngine& engine, const Names& names)
      : store_(store), engine_(engine), names_(names) {}

  std::string name() const override { return "leftovers"; }
  Task<Status> reconcile() override;

 private:
  Store& store_;
  engine::ImageEngine& engine_;
  const Names& names_;
};

}  // namespace croft
