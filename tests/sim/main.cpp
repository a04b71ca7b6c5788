// croft-sim: the deterministic simulator. ./dev sim runs it; tests/sim/README.md says what it is.
#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include <unistd.h>

#include "base/args.h"
#include "base/log.h"
#include "simulation.h"

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
  --jobs J            threads (as many as there are processors)
  --keep-going        runs all seeds, counts the failures
  --no-shrink         does not look for a smaller failure
  --twice             runs every seed again, and demands that the same happens
)";

// Above every level there is: what croft logs belongs to a trace only.
constexpr auto kSilent = static_cast<LogLevel>(255);
thread_local std::uint64_t running_seed = 0;

// A check() of croft's own that fails is a failing seed too.
void name_seed(int signal) {
  std::array<char, 64> text{};
  const auto end = fmt::format_to_n(text.data(), text.size(), "seed {}: ended by signal {}\n",
                                    running_seed, signal);
  (void)!::write(2, text.data(), end.size);
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

struct Job {
  std::uint64_t seed = 0;
  std::set<std::size_t> left_out;
};

std::set<std::size_t> numbers(const std::string& text) {
  std::set<std::size_t> found;
  std::istringstream in(text);
  for (std::string one; std::getline(in, one, ',');) found.insert(std::stoul(one));
  return found;
}

std::string joined(const std::set<std::size_t>& numbers) {
  return fmt::format("{}", fmt::join(numbers, ","));
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

class Runner {
 public:
  Runner(const catalog::Catalog& catalog, const Args& args)
      : catalog_(catalog),
        trace_(args.has("trace")),
        keep_going_(args.has("keep-going")),
        shrinks_(!args.has("no-shrink")) {}

  // How many failed.
  int run(const std::vector<Job>& jobs, unsigned threads) {
    std::vector<std::thread> workers;
    for (unsigned i = 0; i < threads; ++i) {
      workers.emplace_back([&] {
        for (std::size_t at = next_++; at < jobs.size(); at = next_++) {
          if (failed_ > 0 && !keep_going_) return;
          run_one(jobs[at]);
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    return failed_;
  }

  void report() {
    for (const auto& [what, count] : failures_) fmt::print("{:6}  {}\n", count, what);
  }
  double virtual_hours() const { return static_cast<double>(virtual_ms_) / 3'600'000; }

 private:
  void run_one(const Job& job) {
    running_seed = job.seed;
    const Plan plan = without(make_plan(job.seed), job.left_out);
    const Verdict verdict = simulate(plan, catalog_, trace_);
    virtual_ms_ += verdict.took.count();
    const std::scoped_lock lock(mutex_);
    const auto [known, fresh] = hashes_.emplace(job.seed, verdict.trace_hash);
    if (!fresh && known->second != verdict.trace_hash) {
      ++failed_;
      fmt::print("seed {} went another way when it was run again\n", job.seed);
    }
    if (verdict.good()) return;
    ++failed_;
    ++failures_[verdict.invariant];
    fmt::print("seed {} failed after {:.3f} s: {}: {}\n", job.seed,
               static_cast<double>(verdict.took.count()) / 1000, verdict.invariant, verdict.what);
    if (shrinks_ && !trace_) print_shrunk(job, verdict);
    std::fflush(stdout);
  }

  void print_shrunk(const Job& job, const Verdict& verdict) {
    const Plan plan = make_plan(job.seed);
    std::set<std::size_t> left_out = job.left_out;
    if (left_out.empty()) left_out = shrink(plan, catalog_, verdict);
    for (std::size_t i = 0; i < plan.size(); ++i) {
      if (!left_out.contains(i)) fmt::print("  {}\n", plan.describe(i));
    }
    fmt::print("  ./dev sim --seeds 1 --from {} --without {} --trace\n", job.seed,
               joined(left_out));
  }

  const catalog::Catalog& catalog_;
  bool trace_;
  bool keep_going_;
  bool shrinks_;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> failed_{0};
  std::atomic<std::int64_t> virtual_ms_{0};
  std::mutex mutex_;
  std::map<std::string, int> failures_;
  std::map<std::uint64_t, std::uint64_t> hashes_;  // of traces, by seed
};

int run(const Args& args) {
  auto catalog = catalog::Catalog::load(std::filesystem::path(args.get("data", ".")) / "catalog");
  if (!catalog) {
    fmt::print(stderr, "croft-sim: {}\n", catalog.error().describe());
    return 2;
  }
  std::vector<Job> jobs;
  if (args.has("regressions")) {
    jobs = read_list(args.get("regressions"));
  } else {
    const std::uint64_t from = std::stoull(args.get("from", "1"));
    const std::uint64_t count = std::stoull(args.get("seeds", "100"));
    const std::set<std::size_t> left_out = numbers(args.get("without"));
    for (std::uint64_t i = 0; i < count; ++i) jobs.push_back({from + i, left_out});
  }
  if (args.has("twice")) {
    // Backwards, so that memory looks different then.
    const std::vector<Job> again(jobs.rbegin(), jobs.rend());
    jobs.insert(jobs.end(), again.begin(), again.end());
  }
  unsigned threads = std::max(1u, std::thread::hardware_concurrency());
  if (args.has("jobs")) threads = static_cast<unsigned>(std::stoul(args.get("jobs")));
  if (args.has("trace")) {
    threads = 1;
    (void)std::setvbuf(stdout, nullptr, _IOLBF, 1 << 16);  // in order with the log
  }
  const auto started = std::chrono::steady_clock::now();
  Runner runner(*catalog, args);
  const int failed = runner.run(jobs, threads);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  runner.report();
  fmt::print("{} simulations, {} failed, {:.1f} s for {:.1f} h\n", jobs.size(), failed,
             took.count(), runner.virtual_hours());
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
  if (::sodium_init() < 0) return 2;
  ::signal(SIGABRT, croft::sim::name_seed);
  ::signal(SIGSEGV, croft::sim::name_seed);
  return croft::sim::run(*args);
}
