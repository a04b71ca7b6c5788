#include "fuzz.h"
#include "node/http_tally.h"

using namespace croft;

// Lines of the edge's access log: what visitors sent, as Caddy wrote it.
FUZZ_TARGET(access_log) {
  node::HttpTally tally;
  tally.set_routes({{.host = "a.example", .project = "shop", .service = "a"},
                    {.host = "b.example", .project = "shop", .service = "b"}});
  std::int64_t lines = 0;
  for (fuzz::Choices choices(input); !choices.empty(); ++lines) tally.take(choices.line());
  std::int64_t requests = 0;
  const auto all = tally.figures();
  check(all.size() <= 2, "only services that are there have figures");
  for (const HttpFigures& figures : all) {
    check(figures.counts.size() <= 8 * 6, "labels are few whatever visitors send");
    for (const HttpCount& count : figures.counts) {
      check(count.requests > 0, "what is counted was there");
      requests += count.requests;
    }
    for (const std::int64_t count : figures.durations) check(count >= 0, "counts only grow");
    check(figures.response_bytes >= 0 && figures.duration_sum_s >= 0, "sums only grow");
  }
  check(requests <= lines, "a line is one request at most");
}
