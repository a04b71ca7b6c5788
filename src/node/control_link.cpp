#include "node/control_link.h"

#include <fmt/format.h>

#include "base/log.h"
#include "node/line_reader.h"

namespace croft::node {
namespace {

constexpr Millis kReconnectPause{500};
constexpr Millis kSilenceLimit{15'000};  // the control plane sends an empty line every 5 s
constexpr Millis kReportPeriod{5000};
constexpr Millis kCoalesce{20};
constexpr std::size_t kMaxDesiredBytes = 256u << 20;

}  // namespace

ControlLink::ControlLink(Runtime& runtime, HttpEndpoint control, std::string node_id,
                         std::string life, OnDesired on_desired)
    : runtime_(runtime),
      control_(std::move(control)),
      node_id_(std::move(node_id)),
      report_(std::move(life)),
      on_desired_(std::move(on_desired)),
      group_(runtime),
      to_send_(runtime) {}

void ControlLink::start(std::int64_t generation) {
  generation_ = generation;
  group_.spawn("desired", receive());
  group_.spawn("report", send());
}

void ControlLink::report(NodeObserved observed) {
  if (report_.set(std::move(observed))) to_send_.notify();
}

Task<void> ControlLink::receive() {
  while (!stopping_) {
    co_await receive_once();
    if (connected_) log_warning("the control plane is away", {{"at", control_.describe()}});
    connected_ = false;
    if (!stopping_) co_await sleep_for(kReconnectPause);
  }
}

Task<void> ControlLink::receive_once() {
  HttpClient client(runtime_, control_);
  HttpRequest request;
  request.target = fmt::format("/agent/v1/desired?node={}&generation={}&life={}&sequence={}",
                               node_id_, generation_, report_.life(), report_.sequence());
  request.limit = kSilenceLimit;
  request.idle_limit = kSilenceLimit;
  auto response = co_await client.open(request);
  if (!response || (*response)->status() != 200) co_return;
  connected_ = true;
  to_send_.notify();  // a control plane that was restarted knows nothing of this node
  log_info("connected to the control plane", {{"at", control_.describe()}});
  LineReader lines(**response, kMaxDesiredBytes);
  while (!stopping_) {
    auto line = co_await lines.next();
    if (!line || !*line) co_return;
    auto desired = from_json_text<NodeDesired>(**line);
    if (!desired) {
      log_error("desired state cannot be read", {{"error", desired.error().describe()}});
      co_return;
    }
    if (desired->generation < generation_) {
      log_warning("an older desired state is ignored",
                  {{"generation", desired->generation}, {"have", generation_}});
      continue;
    }
    generation_ = desired->generation;
    on_desired_(std::move(*desired));
  }
}

Task<void> ControlLink::send() {
  HttpClient client(runtime_, control_);
  while (!stopping_) {
    const bool woken = co_await to_send_.wait_for(kReportPeriod);
    if (woken && !stopping_) co_await sleep_for(kCoalesce);
    if (stopping_ || report_.body().empty()) continue;
    HttpRequest request;
    request.method = "POST";
    request.target = fmt::format("/agent/v1/observed?node={}", node_id_);
    request.headers.add("Content-Type", "application/json");
    request.body = report_.body();
    auto response = co_await client.send(request);
    if (response && response->status / 100 == 2) continue;
    if (response) {
      log_warning("the control plane refuses the report",
                  {{"status", response->status}, {"body", response->body.substr(0, 300)}});
    }
    co_await sleep_for(kReconnectPause);
  }
}

Task<void> ControlLink::stop() {
  stopping_ = true;
  to_send_.notify();
  group_.cancel();
  co_await group_.join();
}

}  // namespace croft::node
