// The pure parts of the adapter: what is sent, what is read back, and the stream parsers.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "engine/docker/api.h"
#include "engine/docker/container_json.h"
#include "engine/docker/frames.h"
#include "engine/docker/service_json.h"

namespace croft::engine {
namespace {

namespace json = boost::json;

ServiceSpec full_spec() {
  ServiceSpec spec;
  spec.name = "web";
  spec.labels = {{"croft.install", "abc"}};
  ContainerSettings& c = spec.container;
  c.image = "app:1";
  c.command = {"/init"};
  c.args = {"run", "a b"};
  c.env = {{"A", "1"}, {"EMPTY", ""}, {"TEXT", "a=b \"quoted\" $x\nline"}};
  c.labels = {{"croft.set", "s1"}};
  c.user = "1000:1000";
  c.workdir = "/var/www";
  c.hostname = "web-{{.Task.Slot}}";
  c.mounts = {
      {.kind = Mount::Kind::kVolume, .source = "data", .target = "/data"},
      {.kind = Mount::Kind::kBind,
       .source = "/srv",
       .target = "/srv",
       .read_only = true,
       .shared_propagation = true},
      {.kind = Mount::Kind::kTmpfs, .target = "/tmp", .tmpfs_bytes = 1 << 20, .tmpfs_mode = 0700}};
  c.extra_hosts = {"db:10.0.0.1", "six:fd00::1"};
  c.dns = {{"10.0.0.1"}, {"croft"}, {"ndots:0"}};
  c.capabilities_add = {"NET_ADMIN"};
  c.capabilities_drop = {"ALL"};
  c.sysctls = {{"net.ipv4.ip_forward", "1"}};
  c.ulimits = {{"nofile", 1024, 4096}};
  c.init = true;
  c.tty = true;
  c.read_only_rootfs = true;
  c.stop_signal = "SIGINT";
  c.stop_grace = Millis(90'000);
  c.no_healthcheck = true;
  c.resources = {500'000'000, 256 << 20, 100, 100'000'000, 64 << 20};
  c.log = {"json-file", {{"max-size", "1m"}}};
  spec.secrets = {{"sid", "secret", "/etc/secret", 1, 2, 0400}};
  spec.configs = {{"cid", "config", "/etc/config", 0, 0, 0444}};
  spec.networks = {{"net", {"alias"}}};
  spec.replicas = 3;
  spec.restart = {RestartPolicy::Condition::kOnFailure, Millis(1500), 4, Millis(60'000)};
  spec.constraints = {"node.labels.croft.zone==a"};
  spec.max_replicas_per_node = 1;
  spec.update = {2, Millis(1), Millis(2000), UpdateConfig::OnFailure::kRollback, true};
  spec.rollback = {0, Millis(0), Millis(3000), UpdateConfig::OnFailure::kContinue, false};
  spec.force_update = 7;
  return spec;
}

TEST(ServiceJson, ReadsBackWhatItWrites) {
  const ServiceSpec spec = full_spec();
  EXPECT_EQ(service_from_json(json::value(service_to_json(spec))), spec);
  ServiceSpec global;
  global.name = "everywhere";
  EXPECT_EQ(service_from_json(json::value(service_to_json(global))), global);
}

TEST(ServiceJson, AlwaysAsksForNameBasedEndpoints) {
  const json::object object = service_to_json(full_spec());
  EXPECT_EQ(json::serialize(object.at("EndpointSpec")), R"({"Mode":"dnsrr"})");
  EXPECT_FALSE(object.at("TaskTemplate").as_object().contains("Privileges"));
}

TEST(TaskJson, ReadsStateExitCodeAndAddresses) {
  const json::value value = json::parse(R"({"ID":"t1","ServiceID":"s1","NodeID":"n1","Slot":2,
    "Spec":{"ContainerSpec":{"Image":"app:1","Labels":{"croft.set":"x"}}},
    "DesiredState":"shutdown","CreatedAt":"2026-11-21T08:00:00.5Z",
    "Status":{"State":"failed","Err":"task: non-zero exit: 3","Message":"started",
      "Timestamp":"2026-11-21T08:00:01Z","ContainerStatus":{"ContainerID":"c1","ExitCode":3}},
    "NetworksAttachments":[{"Network":{"ID":"net1","Spec":{"Name":"segment"}},
      "Addresses":["10.64.16.5/20","fd00::5/64"]}]
})");
  const TaskInfo task = task_from_json(value);
  EXPECT_EQ(task.state, TaskState::kFailed);
  EXPECT_EQ(task.desired, TaskState::kShutdown);
  EXPECT_EQ(task.exit_code, 3);
  EXPECT_EQ(task.slot, 2u);
  EXPECT_EQ(task.labels.at("croft.set"), "x");
  ASSERT_EQ(task.addresses.size(), 1u);
  EXPECT_EQ(task.addresses[0].ipv4, "10.64.16.5");
  EXPECT_EQ(task.addresses[0].ipv6, "fd00::5");
  EXPECT_EQ((task.state_since - task.created), Millis(500));
}

TEST(TaskJson, SurvivesWhatIsMissingOrOfAnotherType) {
  for (const char* text : {"{}", "[]", "null", "3", R"({"Status":5,"Slot":-1,"DesiredState":[]})",
                           R"({"NetworksAttachments":[null,{"Addresses":[1,{}]}]})"}) {
    const TaskInfo task = task_from_json(json::parse(text));
    EXPECT_FALSE(task.exit_code) << text;
    EXPECT_EQ(task.slot, 0u);
  }
}

TEST(ImageJson, QuotesInstructionsSoThatNothingIsExpanded) {
  ImageConfig config;
  config.entrypoint = {"/init", "a \"b\""};
  config.env = {{"PATH", "/bin"}, {"ODD", "x$y\"z\\w"}};
  const auto lines = image_config_to_instructions(config);
  ASSERT_TRUE(lines);
  EXPECT_EQ(*lines, (Strings{R"(ENTRYPOINT ["/init","a \"b\""])", R"(ENV ODD="x\$y\"z\\w")",
                             R"(ENV PATH="/bin")"}));
  config.env = {{"A", "one\nRUN rm -rf /"}};
  EXPECT_FALSE(image_config_to_instructions(config));
}

TEST(EventJson, ReadsKindActionAndNumbers) {
  const Event die = event_from_json(json::parse(
      R"({"Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"exitCode":"137",
      "name":"web.1","croft.set":"x"}},"timeNano":1763712000123456789})"));
  EXPECT_EQ(die.action, Event::Action::kDie);
  EXPECT_EQ(die.exit_code, 137);
  EXPECT_EQ(die.name, "web.1");
  EXPECT_EQ(die.time_ns, 1763712000123456789);
  const Event health =
      event_from_json(json::parse(R"({"Type":"container","Action":"health_status: healthy"})"));
  EXPECT_EQ(health.action, Event::Action::kHealth);
  const Event odd = event_from_json(json::parse(R"({"Type":"plugin","Action":"x"})"));
  EXPECT_EQ(odd.kind, Event::Kind::kOther);
}

TEST(ApiVersion, IsTheNewestThatBothKnow) {
  EXPECT_EQ(choose_api_version("1.41", "1.12").value_or(""), "1.41");
  EXPECT_EQ(choose_api_version("1.44", "1.24").value_or(""), "1.44");
  EXPECT_EQ(choose_api_version("1.99", "1.24").value_or(""), "1.51");
  const auto old = choose_api_version("1.40", "1.12");
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().code(), ErrorCode::kUnsupported);
  EXPECT_FALSE(choose_api_version("1.99", "1.60"));
  EXPECT_FALSE(choose_api_version("", ""));
  EXPECT_FALSE(choose_api_version("2.0", ""));
}

TEST(EngineError, KeepsTheEnginesWordsAndNamesTheObject) {
  const Error missing =
      engine_error(404, R"({"message":"No such container: x"})", "look at container x");
  EXPECT_EQ(missing.code(), ErrorCode::kNotFound);
  EXPECT_EQ(missing.message(), "look at container x: the engine says: No such container: x");
  EXPECT_EQ(engine_error(500, R"({"message":"write: no space left on device"})", "x").code(),
            ErrorCode::kExhausted);
  EXPECT_EQ(engine_error(500, R"({"message":"network n1 not found"})", "x").code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(engine_error(500, "not json", "x").message(), "x: the engine says: not json");
  EXPECT_EQ(engine_error(500, R"({"message":"rpc error: update out of sequence"})", "x").code(),
            ErrorCode::kConflict);
}

std::string frame(char stream, const std::string& data) {
  std::string out{stream, 0, 0, 0};
  for (int shift = 24; shift >= 0; shift -= 8) {
    out += static_cast<char>((data.size() >> static_cast<unsigned>(shift)) & 0xff);
  }
  return out + data;
}

TEST(FrameParser, JoinsFramesThatComeInAnyPieces) {
  const std::string bytes =
      frame(1, "hello\n") + frame(2, std::string(70'000, 'e')) + frame(1, "") + frame(1, "end");
  const std::vector<Output> expected{{OutputSource::kStdout, "hello\n"},
                                     {OutputSource::kStderr, std::string(70'000, 'e')},
                                     {OutputSource::kStdout, "end"}};
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    FrameParser parser;
    std::vector<Output> outputs;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_TRUE(parser.feed(std::string_view(bytes).substr(at, step), outputs));
    }
    EXPECT_EQ(outputs, expected) << step;
    EXPECT_TRUE(parser.at_boundary());
  }
}

TEST(FrameParser, RefusesWhatIsNoFrame) {
  for (const std::string& bytes :
       {std::string("HTTP/1.1 500"), std::string("\x03\0\0\0\0\0\0\1x", 9),
        std::string("\1\0\0\0\xff\xff\xff\xff", 8), std::string("\1\1\0\0\0\0\0\1x", 9)}) {
    FrameParser parser;
    std::vector<Output> outputs;
    EXPECT_FALSE(parser.feed(bytes, outputs));
    EXPECT_TRUE(outputs.empty());
  }
  FrameParser parser;
  std::vector<Output> outputs;
  ASSERT_TRUE(parser.feed(frame(1, "cut").substr(0, 9), outputs));
  EXPECT_FALSE(parser.at_boundary());
}

TEST(LogFrames, SplitTheTimestampOff) {
  const LogFrame line =
      parse_log_frame({OutputSource::kStderr, "2026-11-21T08:00:00.123456789Z text here\n"});
  EXPECT_EQ(line.time_ns % 1'000'000'000, 123'456'789);
  EXPECT_EQ(line.text, "text here");
  EXPECT_TRUE(line.complete);
  EXPECT_EQ(line.source, OutputSource::kStderr);
  const LogFrame part = parse_log_frame({OutputSource::kStdout, "2026-11-21T08:00:00Z piece"});
  EXPECT_FALSE(part.complete);
  EXPECT_EQ(part.text, "piece");
  const LogFrame plain = parse_log_frame({OutputSource::kStdout, "no time here\n"});
  EXPECT_EQ(plain.time_ns, 0);
  EXPECT_EQ(plain.text, "no time here");
  const LogFrame late = parse_log_frame({OutputSource::kStdout, "9999-12-31T23:59:59Z x\n"});
  EXPECT_EQ(late.time_ns, 0) << "more nanoseconds than 64 bits hold";
}

TEST(LogFrames, OfATerminalAreCutAtLineEnds) {
  RawLogParser parser;
  std::vector<LogFrame> frames;
  parser.feed("2026-11-21T08:00:00Z one\r\n2026-11-2", frames);
  parser.feed("1T08:00:01Z two\r\n2026-11-21T08:00:02Z thr", frames);
  ASSERT_EQ(frames.size(), 2u);
  EXPECT_EQ(frames[0].text, "one");
  EXPECT_EQ(frames[1].text, "two");
  const auto rest = parser.finish();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->text, "thr");
  EXPECT_FALSE(rest->complete);
  frames.clear();
  parser.feed(std::string(1 << 20, 'x'), frames);
  parser.finish();
  EXPECT_GE(frames.size(), 1u);
}

}  // namespace
}  // namespace croft::engine
