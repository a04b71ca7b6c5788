// Images and bundles that nobody will run again: of versions that are gone, but whose image could
// not be removed with them because a container still had it, the engine was away, or croftd died.
#pragma once

#include "engine/engine.h"
#include "reconcile/artifacts.h"
#include "reconcile/loop.h"
#include "reconcile/names.h"
#include "store/store.h"

namespace croft {

class LeftoverReconciler final : public Reconciler {
 public:
  LeftoverReconciler(Store& store, engine::ImageEngine& engine, Artifacts& artifacts,
                     const Names& names)
      : store_(store), engine_(engine), artifacts_(artifacts), names_(names) {}

  std::string name() const override { return "leftovers"; }
  Task<Status> reconcile() override;

 private:
  Task<Status> discard_gone_from_disk();

  Store& store_;
  engine::ImageEngine& engine_;
  Artifacts& artifacts_;
  const Names& names_;
};

}  // namespace croft
