// The schema's history as SQLite writes it. A migration that has been released never changes.
#pragma once

#include <span>

#include "store/migrations.h"

namespace croft {

std::span<const Migration> sqlite_migrations();

}  // namespace croft
