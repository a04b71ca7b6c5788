#include "engine/contract/contract.h"

#include <fmt/format.h>

#include "base/random.h"
#include "engine/fake/tar.h"

namespace croft::engine {
namespace {

Output line(OutputSource source, std::string text) {
  return {source, std::move(text) + "\n"};
}

FakeProcess exits(int code) {
  return {.exits_after = Millis(100), .exit_code = code};
}

FakeProcess speaks(const ContainerSettings&) {
  FakeProcess process = exits(0);
  process.output = {line(OutputSource::kStdout, "one"), line(OutputSource::kStderr, "two"),
                    line(OutputSource::kStdout, "three")};
  return process;
}

FakeProcess shows_env(const ContainerSettings& settings) {
  FakeProcess process = exits(0);
  const auto found = settings.env.find("ODD");
  process.output = {line(OutputSource::kStdout, found == settings.env.end() ? "" : found->second)};
  return process;
}

FakeExec exec_behaviour(const ContainerSettings&, const ExecSpec& spec) {
  const std::string script = spec.command.empty() ? "" : spec.command.back();
  if (script == "echo out; echo err >&2; exit 7") {
    return {{line(OutputSource::kStdout, "out"), line(OutputSource::kStderr, "err")}, 7, false};
  }
  if (script == "cat") return {{}, 0, true};
  if (script == "stty size; cat >/dev/null") {
    return {{{OutputSource::kStdout, fmt::format("{} {}\r\n", spec.rows, spec.columns)}}, 0, true};
  }
  return {{}, 127, false};
}

}  // namespace

const std::vector<ContractProgram>& contract_programs() {
  static const std::vector<ContractProgram> programs{
      {"serve", "trap 'exit 0' TERM; sleep 1000 & wait",
       [](const ContainerSettings&) { return FakeProcess{}; }},
      {"stubborn", "trap '' TERM; sleep 1000",
       [](const ContainerSettings&) { return FakeProcess{.ignores_stop = true}; }},
      {"fail", "exit 3", [](const ContainerSettings&) { return exits(3); }},
      {"succeed", "exit 0", [](const ContainerSettings&) { return exits(0); }},
      {"speak", "echo one; echo two >&2; echo three", speaks},
      {"show-env", "printf '%s\\n' \"$ODD\"", shows_env},
      {"hog", "tail /dev/zero",
       [](const ContainerSettings&) {
         return FakeProcess{.exits_after = Millis(200), .out_of_memory = true};
       }},
  };
  return programs;
}

FakeBehaviour contract_behaviour() {
  const auto process = [](const ContainerSettings& settings) -> FakeProcess {
    for (const ContractProgram& program : contract_programs()) {
      if (!settings.command.empty() && settings.command.back() == program.script) {
        return program.behaviour(settings);
      }
    }
    return {.start_error = "executable file not found"};
  };
  return {process, exec_behaviour};
}

EngineContract::EngineContract() : world_(GetParam()()) {
  SystemRandom random;
  run_id_ = fmt::format("contract{:08x}", random.below(1ull << 32));
  run(prepare());
}

EngineContract::~EngineContract() {
  run(clean_up());
}

Task<void> EngineContract::prepare() {
  const auto info = co_await engine().info(kCallLimit);
  CO_ASSERT(info);
  if (!info->swarm_active) {
    const SwarmInit init{.advertise_address = "127.0.0.1", .listen_address = "127.0.0.1:2377"};
    const auto node = co_await engine().init_swarm(init, kCallLimit);
    CO_ASSERT(node);
  }
  const Status imported = co_await import_base();
  CO_ASSERT(imported);
}

Task<Status> EngineContract::import_base() {
  auto busybox = world_->shell();
  if (!busybox) co_return fail(std::move(busybox).error());
  TarFiles files{{"bin/", {}}, {"tmp/", {}}, {"bin/busybox", {std::move(*busybox), "", 0755}}};
  for (const char* applet : {"sh", "sleep", "cat", "tail", "stty", "printf", "true"}) {
    files[fmt::format("bin/{}", applet)] = {"", "busybox", 0777};
  }
  StringSource tar(write_tar(files));
  ImageConfig config;
  config.env = {{"PATH", "/bin"}};
  config.labels = labels();
  const auto imported = co_await engine().import_image(image(), tar, config, kCallLimit);
  if (!imported) co_return fail(Error(imported.error()));
  co_return Status();
}

// What is left is reported: an engine whose objects cannot be removed is broken.
Task<void> EngineContract::clean_up() {
  const Filter filter = mine();
  const auto services = co_await engine().list_services(filter, kCallLimit);
  CO_ASSERT(services);
  for (const ServiceInfo& service : *services) {
    co_await engine().remove_service(service.id, kCallLimit);
  }
  for (int round = 0; round < 100; ++round) {
    const auto left = co_await engine().list_containers(filter, true, kCallLimit);
    CO_ASSERT(left);
    if (left->empty()) break;
    for (const ContainerInfo& container : *left) {
      co_await engine().remove_container(container.id, true, kCallLimit);
    }
    co_await pass(Millis(100));
  }
  const auto networks = co_await engine().list_networks(filter, kCallLimit);
  CO_ASSERT(networks);
  // First those that another one gives its settings, then these.
  for (const bool config_only : {false, true}) {
    for (const NetworkInfo& network : *networks) {
      if (network.spec.config_only != config_only) continue;
      for (int round = 0; round < 100; ++round) {
        const auto removed = co_await engine().remove_network(network.id, kCallLimit);
        if (removed || removed.error().code() == ErrorCode::kNotFound) break;
        co_await pass(Millis(100));
      }
    }
  }
  const auto volumes = co_await engine().list_volumes(filter, kCallLimit);
  CO_ASSERT(volumes);
  for (const VolumeInfo& volume : *volumes) {
    co_await engine().remove_volume(volume.spec.name, kCallLimit);
  }
  const auto secrets = co_await engine().list_secrets(filter, kCallLimit);
  CO_ASSERT(secrets);
  for (const FileInfo& secret : *secrets) co_await engine().remove_secret(secret.id, kCallLimit);
  const auto configs = co_await engine().list_configs(filter, kCallLimit);
  CO_ASSERT(configs);
  for (const FileInfo& config : *configs) co_await engine().remove_config(config.id, kCallLimit);
  const ImageFilter image_filter{.labels = labels()};
  const auto images = co_await engine().list_images(image_filter, kCallLimit);
  CO_ASSERT(images);
  for (const ImageInfo& image_info : *images) {
    co_await engine().remove_image(image_info.id, true, kCallLimit);
  }
}

ContainerSettings EngineContract::program(const std::string& program_name) const {
  ContainerSettings settings;
  settings.image = image();
  settings.labels = labels();
  settings.stop_grace = Millis(2000);
  for (const ContractProgram& known : contract_programs()) {
    if (known.name == program_name) settings.command = {"/bin/sh", "-c", known.script};
  }
  return settings;
}

ServiceSpec EngineContract::service(const std::string& what,
                                    const std::string& program_name) const {
  ServiceSpec spec;
  spec.name = name(what);
  spec.labels = labels();
  spec.container = program(program_name);
  spec.replicas = 1;
  spec.restart.delay = Millis(100);
  spec.host_network = true;
  return spec;
}

ContainerSpec EngineContract::container(const std::string& what,
                                        const std::string& program_name) const {
  ContainerSpec spec;
  spec.name = name(what);
  spec.settings = program(program_name);
  return spec;
}

Task<std::string> EngineContract::start(const ContainerSpec& spec) {
  auto id = co_await engine().create_container(spec, kCallLimit);
  if (!id) {
    ADD_FAILURE() << id.error().describe();
    co_return "";
  }
  const auto started = co_await engine().start_container(*id, kCallLimit);
  EXPECT_TRUE(started) << started.error().describe();
  co_return *id;
}

Task<std::vector<TaskInfo>> EngineContract::wait_for_tasks(std::string service_id, TaskCheck done) {
  const TaskFilter filter{.service = service_id};
  std::vector<TaskInfo> tasks;
  for (int round = 0; round < 400; ++round) {
    auto listed = co_await engine().list_tasks(filter, kCallLimit);
    if (!listed && listed.error().code() != ErrorCode::kNotFound) {
      ADD_FAILURE() << listed.error().describe();
      break;
    }
    tasks = listed ? std::move(*listed) : std::vector<TaskInfo>();
    if (done(tasks)) co_return tasks;
    co_await pass(Millis(100));
  }
  std::string seen;
  for (const TaskInfo& task : tasks) {
    seen += fmt::format(" [{} slot {} desired {} state {}: {} {}]", task.id, task.slot,
                        to_string(task.desired), to_string(task.state), task.message, task.error);
  }
  ADD_FAILURE() << "the tasks did not get there:" << seen;
  co_return tasks;
}

Task<ContainerInfo> EngineContract::wait_for_exit(std::string id) {
  for (int round = 0; round < 200; ++round) {
    auto info = co_await engine().inspect_container(id, kCallLimit);
    if (!info) {
      ADD_FAILURE() << info.error().describe();
      break;
    }
    if (info->state == ContainerInfo::State::kExited) co_return *info;
    co_await pass(Millis(100));
  }
  ADD_FAILURE() << "container " << id << " did not exit";
  co_return ContainerInfo();
}

Task<std::vector<LogFrame>> EngineContract::read_log(std::string id, LogOptions options) {
  std::vector<LogFrame> frames;
  auto stream = co_await engine().container_logs(id, options, kCallLimit);
  if (!stream) {
    ADD_FAILURE() << stream.error().describe();
    co_return frames;
  }
  while (true) {
    auto frame = co_await (*stream)->next();
    if (!frame) ADD_FAILURE() << frame.error().describe();
    if (!frame || !*frame) co_return frames;
    frames.push_back(std::move(**frame));
  }
}

std::string EngineContract::text_of(const std::vector<LogFrame>& frames, OutputSource source) {
  std::string text;
  for (const LogFrame& frame : frames) {
    if (frame.source == source) text += frame.text + (frame.complete ? "\n" : "");
  }
  return text;
}

std::size_t count_in_state(const std::vector<TaskInfo>& tasks, TaskState state) {
  return static_cast<std::size_t>(std::count_if(
      tasks.begin(), tasks.end(), [state](const TaskInfo& task) { return task.state == state; }));
}

}  // namespace croft::engine
