// croft-sim: the deterministic simulator. ./dev sim runs it; tests/sim/README.md says what it is.
#include <fmt/format.h>
#include <sodium.h>
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include <unistd.h>

#include "base/args.h"
#include "base/log.h"
#include "runner.h"

namespace croft::sim {
namespace {

constexpr const char* kUsage =
    R"(croft-sim --data DIR [--seeds N] [--from S] [--trace] [--without I,J…] [--regressions FILE]
          [--jobs J] [--keep-going] [--no-shrink] [--twice]

  --data DIR          the checkout: catalog/
  --seeds N           how many (100), from seed S (1) on
  --trace             prints what happens; with its log
  --without I,J       leaves out these operations and faults, as a shrunk failure names them
  --regressions FILE  runs the seeds of this list: SEED [I,J…] per line
  --jobs J            processes (as many as there are processors)
  --keep-going        runs all seeds, counts the failures
  --no-shrink         does not look for a smaller failure
  --twice             runs every seed again, and demands that the same happens
)";

// Above every level there is: what croft logs belongs to a trace only.
constexpr auto kSilent = static_cast<LogLevel>(255);

// A check() of croft's own that fails is a failing seed too.
void name_seed(int signal) {
  std::array<char, 64> text{};
  const auto end = fmt::format_to_n(text.data(), text.size(), "seed {}: ended by signal {}\n",
                                    Runner::running_seed, signal);
  (void)!::write(2, text.data(), end.size);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

std::set<std::size_t> numbers(const std::string& text) {
  std::set<std::size_t> found;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) found.insert(std::stoul(one));
  return found;
}

std::vector<Job> read_list(const std::string& file) {
  std::vector<Job> jobs;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    Job job;
    std::string left_out;
    if (!(words >> job.seed)) continue;
    if (words >> left_out) job.left_out = numbers(left_out);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::vector<Job> jobs_of(const Args& args) {
  if (args.has("regressions")) return read_list(args.get("regressions"));
  std::vector<Job> jobs;
  const std::uint64_t from = std::stoull(args.get("from", "1"));
  const std::uint64_t count = std::stoull(args.get("seeds", "100"));
  const std::set<std::size_t> left_out = numbers(args.get("without"));
  for (std::uint64_t i = 0; i < count; ++i) jobs.push_back({from + i, left_out});
  return jobs;
}

int run(const Args& args) {
  auto catalog = catalog::Catalog::load(std::filesystem::path(args.get("data", ".")) / "catalog");
  if (!catalog) {
    fmt::print(stderr, "croft-sim: {}\n", catalog.error().describe());
    return 2;
  }
  const std::vector<Job> jobs = jobs_of(args);
  const RunnerOptions options{.trace = args.has("trace"),
                              .keep_going = args.has("keep-going"),
                              .shrinks = !args.has("no-shrink"),
                              .twice = args.has("twice")};
  unsigned processes = std::max(1u, std::thread::hardware_concurrency());
  if (args.has("jobs")) processes = static_cast<unsigned>(std::stoul(args.get("jobs")));
  if (options.trace) {
    processes = 1;
    (void)std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);  // in order with the log
  }
  const auto started = std::chrono::steady_clock::now();
  Runner runner(*catalog, options, jobs);
  const int failed = runner.run(processes);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  runner.report();
  fmt::print("{} simulations, {} failed, {:.1f} s for {:.1f} h, traces {:016x}\n", runner.done(),
             failed, took.count(), runner.virtual_hours(), runner.all_traces());
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace croft::sim

int main(int argc, char** argv) {
  auto args =
      croft::Args::parse(argc, argv, {"data", "seeds", "from", "without", "regressions", "jobs"},
                         {"trace", "keep-going", "no-shrink", "twice"});
  if (!args || args->has("help")) {
    fmt::print("{}", croft::sim::kUsage);
    return args ? 0 : 2;
  }
  croft::log_setup("sim", args->has("trace") ? croft::LogLevel::kInfo : croft::sim::kSilent);
  // One thread, no shared counters: SQLite takes no locks and keeps no statistics.
  ::sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  ::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  if (::sodium_init() < 0) return 2;
  ::signal(SIGABRT, croft::sim::name_seed);
  ::signal(SIGSEGV, croft::sim::name_seed);
  return croft::sim::run(*args);
}
