// One simulation from its plan to its verdict.
#pragma once

#include <string>

#include "catalog/catalog.h"
#include "plan.h"

namespace croft::sim {

struct Verdict {
  std::string invariant;  // that did not hold; empty: all did
  std::string what;
  std::uint64_t trace_hash = 0;  // the same plan gives the same
  Millis took{0};                // of virtual time
  bool good() const { return invariant.empty(); }
};

// `print`: the trace to standard output.
Verdict simulate(const Plan& plan, const catalog::Catalog& catalog, bool print);

// Leaves out operations and faults one by one while it still fails by the same invariant; what was
// left out.
std::set<std::size_t> shrink(const Plan& plan, const catalog::Catalog& catalog,
                             const Verdict& verdict);

}  // namespace croft::sim
