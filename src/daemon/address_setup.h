// The addresses of this installation: chosen at its first start, then kept.
#pragma once

#include "daemon/host_facts.h"
#include "daemon/settings.h"
#include "engine/engine.h"
#include "plan/address_choice.h"
#include "plan/address_plan.h"

namespace croft {

// What is in use on the machine and by networks of the engine that are not of `install_id`. For an
// installation of croft its whole pool counts, whatever it uses of it now.
TakenRanges taken_ranges(const std::vector<engine::NetworkInfo>& networks, const HostFacts& facts,
                         const std::string& install_id);

// The stored ranges; without them --pool and --uplink, or what choose_addresses() says. An
// installation that ran before ranges were stored keeps those that all had then. Warns when a range
// of the machine has come into the uplink since. kConflict: --pool or --uplink name other ranges
// than the stored ones, which containers have.
Task<Result<AddressPlan>> settle_addresses(Store& store, engine::NetworkEngine& engine,
                                           const Installation& installation,
                                           const DaemonOptions& options, const HostFacts& facts);

}  // namespace croft
