// Takes everything of one installation out of the engine.
#pragma once

#include "engine/engine.h"
#include "reconcile/names.h"

namespace croft {

// Services, then containers, then secrets, networks, volumes and images; only what carries the
// installation's label, and of images only its own names: what others have a name for stays.
// Running it again goes on where it stopped.
Task<Status> purge_engine(Runtime& runtime, engine::Engine& engine, Names names);

}  // namespace croft
