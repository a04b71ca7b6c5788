// Many simulations, in several processes: one per processor, each with one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <set>
#include <vector>

#include "catalog/catalog.h"
#include "simulation.h"

namespace croft::sim {

struct Job {
  std::uint64_t seed = 0;
  std::set<std::size_t> left_out;
};

struct RunnerOptions {
  bool trace = false;       // prints what happens
  bool keep_going = false;  // after a failure
  bool shrinks = true;      // looks for a smaller failure
  bool twice = false;       // runs every job again, backwards: the same must happen
};

class Runner {
 public:
  // All outlive it.
  Runner(const catalog::Catalog& catalog, const RunnerOptions& options,
         const std::vector<Job>& jobs);
  ~Runner();
  Runner(const Runner&) = delete;

  // How many failed.
  int run(unsigned processes);

  // Of run(): what failed, how often.
  void report();
  std::size_t done() const;
  double virtual_hours() const;
  // Different when anything happened differently in any of them, in whatever order they ran.
  std::uint64_t all_traces() const;

  inline static std::uint64_t running_seed = 0;  // of this process

 private:
  struct Shared;
  using Hash = std::atomic<std::uint64_t>;
  void work();
  void run_one(std::size_t index);
  std::string shrunk(const Job& job, const Verdict& verdict) const;

  const catalog::Catalog& catalog_;
  RunnerOptions options_;
  const std::vector<Job>& jobs_;
  // Of all processes.
  Shared* shared_;
  Hash* hashes_;         // of traces, one per job; 0: not yet
  std::FILE* failures_;  // one line each
};

}  // namespace croft::sim
