// Logs, exec sessions and events.
#include "engine/contract/contract.h"

namespace croft::engine {
namespace {

class StreamContract : public EngineContract {
 protected:
  Task<void> logs_keep_sources_and_times() {
    const ContainerSpec spec = container("speak", "speak");
    const std::string id = co_await start(spec);
    co_await wait_for_exit(id);
    const LogOptions all;
    const auto frames = co_await read_log(id, all);
    EXPECT_EQ(frames.size(), 3u);
    EXPECT_EQ(text_of(frames, OutputSource::kStdout), "one\nthree\n");
    EXPECT_EQ(text_of(frames, OutputSource::kStderr), "two\n");
    for (const LogFrame& frame : frames) EXPECT_GT(frame.time_ns, 0);
    const LogOptions errors{.want_stdout = false};
    const auto only_errors = co_await read_log(id, errors);
    EXPECT_EQ(only_errors.size(), 1u);
    const LogOptions last{.tail = 1};
    const auto tail = co_await read_log(id, last);
    EXPECT_EQ(tail.size(), 1u);
  }

  // A collector that goes on after the last frame it has must get every later one, and none twice.
  Task<void> logs_go_on_from_a_cursor() {
    const ContainerSpec spec = container("cursor", "speak");
    const std::string id = co_await start(spec);
    co_await wait_for_exit(id);
    const LogOptions from_start;
    const auto all = co_await read_log(id, from_start);
    if (all.size() != 3) co_return;
    std::vector<std::int64_t> times;
    for (const LogFrame& frame : all) times.push_back(frame.time_ns);
    std::sort(times.begin(), times.end());
    const LogOptions after_first{.since_ns = times[0] + 1};
    const auto later = co_await read_log(id, after_first);
    const auto expected = std::count_if(times.begin(), times.end(),
                                        [&times](std::int64_t time) { return time > times[0]; });
    EXPECT_EQ(static_cast<long>(later.size()), expected);
    const LogOptions after_last{.since_ns = times[2] + 1};
    const auto none = co_await read_log(id, after_last);
    EXPECT_TRUE(none.empty());
  }

  Task<void> a_followed_log_ends_with_its_container() {
    const ContainerSpec spec = container("follow", "speak");
    const auto id = co_await engine().create_container(spec, kCallLimit);
    CO_ASSERT(id);
    Group group(world().runtime());
    std::vector<LogFrame> frames;
    group.spawn("follow", follow(*id, &frames));
    const auto started = co_await engine().start_container(*id, kCallLimit);
    CO_ASSERT(started);
    co_await wait_for_exit(*id);
    co_await group.join();
    EXPECT_EQ(frames.size(), 3u);
  }

  Task<void> follow(std::string id, std::vector<LogFrame>* frames) {
    // Following a container that has not started waits for it only when it is running: so wait
    // here.
    for (int round = 0; round < 200; ++round) {
      const auto info = co_await engine().inspect_container(id, kCallLimit);
      if (info && info->state != ContainerInfo::State::kCreated) break;
      co_await pass(Millis(10));
    }
    const LogOptions options{.follow = true};
    *frames = co_await read_log(id, options);
  }

  Task<void> env_arrives_byte_for_byte() {
    ContainerSpec spec = container("env", "show-env");
    const std::string odd = "a $b ${c} `d` \"e\" 'f' \\ = \xc3\xa9\xf0\x9f\x8d\x9e\nsecond line";
    spec.settings.env["ODD"] = odd;
    const std::string id = co_await start(spec);
    co_await wait_for_exit(id);
    const LogOptions all;
    const auto frames = co_await read_log(id, all);
    EXPECT_EQ(text_of(frames, OutputSource::kStdout), odd + "\n");
  }

  Task<std::string> collect(ExecSession& session, OutputSource source) {
    std::string text;
    while (true) {
      auto output = co_await session.read();
      if (!output) ADD_FAILURE() << output.error().describe();
      if (!output || !*output) co_return text;
      if ((*output)->source == source) text += (*output)->data;
    }
  }

  Task<void> exec_gives_output_and_exit_code() {
    const ContainerSpec spec = container("exec", "serve");
    const std::string id = co_await start(spec);
    const ExecSpec run_it{.command = {"/bin/sh", "-c", "echo out; echo err >&2; exit 7"}};
    auto session = co_await engine().exec(id, run_it, kCallLimit);
    CO_ASSERT(session);
    std::string out;
    std::string err;
    while (true) {
      auto output = co_await (*session)->read();
      CO_ASSERT(output);
      if (!*output) break;
      ((*output)->source == OutputSource::kStdout ? out : err) += (*output)->data;
    }
    EXPECT_EQ(out, "out\n");
    EXPECT_EQ(err, "err\n");
    const auto code = co_await (*session)->exit_code(kCallLimit);
    CO_ASSERT(code);
    EXPECT_EQ(*code, 7);
    const auto resized = co_await (*session)->resize(10, 10, kCallLimit);
    EXPECT_EQ(code_of(resized), "invalid");
  }

  Task<void> exec_takes_input() {
    const ContainerSpec spec = container("cat", "serve");
    const std::string id = co_await start(spec);
    const ExecSpec cat{.command = {"/bin/sh", "-c", "cat"}, .stdin_open = true};
    auto session = co_await engine().exec(id, cat, kCallLimit);
    CO_ASSERT(session);
    const std::string data(200'000, 'z');
    const Status written = co_await (*session)->write("hello " + data, kCallLimit);
    CO_ASSERT(written);
    const Status closed = co_await (*session)->close_stdin();
    CO_ASSERT(closed);
    const std::string back = co_await collect(**session, OutputSource::kStdout);
    EXPECT_TRUE(back == "hello " + data);
    const auto code = co_await (*session)->exit_code(kCallLimit);
    EXPECT_TRUE(code && *code == 0);
  }

  Task<void> exec_has_a_terminal() {
    const ContainerSpec spec = container("tty", "serve");
    const std::string id = co_await start(spec);
    const ExecSpec shell{.command = {"/bin/sh", "-c", "stty size; cat >/dev/null"},
                         .tty = true,
                         .stdin_open = true,
                         .rows = 33,
                         .columns = 99};
    auto session = co_await engine().exec(id, shell, kCallLimit);
    CO_ASSERT(session);
    auto first = co_await (*session)->read();
    CO_ASSERT(first);
    // The size may reach the process a moment after its start; its form is what counts here.
    EXPECT_TRUE(*first && (*first)->data.ends_with("\r\n")) << (*first ? (*first)->data : "");
    const Status resized = co_await (*session)->resize(40, 120, kCallLimit);
    EXPECT_EQ(code_of(resized), "ok");
    const Status written = co_await (*session)->write("\x04", kCallLimit);  // end of input
    CO_ASSERT(written);
    co_await collect(**session, OutputSource::kStdout);
    const auto code = co_await (*session)->exit_code(kCallLimit);
    CO_ASSERT(code);
    EXPECT_EQ(*code, 0);
  }

  Task<void> exec_needs_a_running_container() {
    const ContainerSpec spec = container("stopped", "serve");
    const auto id = co_await engine().create_container(spec, kCallLimit);
    CO_ASSERT(id);
    const ExecSpec cat{.command = {"/bin/sh", "-c", "cat"}};
    const auto session = co_await engine().exec(*id, cat, kCallLimit);
    EXPECT_EQ(code_of(session), "conflict");
    const auto missing = co_await engine().exec(name("nobody"), cat, kCallLimit);
    EXPECT_EQ(code_of(missing), "not-found");
  }

  // The next event of a container of this test.
  Task<Event> next_of(EventStream& stream, std::string id) {
    while (true) {
      auto event = co_await stream.next();
      if (!event) {
        ADD_FAILURE() << event.error().describe();
        co_return Event();
      }
      if (event->kind == Event::Kind::kContainer && event->id == id) co_return *event;
    }
  }

  Task<void> events_come_in_order() {
    auto stream = co_await engine().events(std::nullopt, kCallLimit);
    CO_ASSERT(stream);
    const ContainerSpec spec = container("events", "fail");
    const std::string id = co_await start(spec);
    co_await wait_for_exit(id);
    const Event created = co_await next_of(**stream, id);
    EXPECT_EQ(created.action, Event::Action::kCreate);
    EXPECT_EQ(created.name, spec.name);
    EXPECT_EQ(created.attributes.count("croft.test"), 1u);
    const Event started = co_await next_of(**stream, id);
    EXPECT_EQ(started.action, Event::Action::kStart);
    const Event died = co_await next_of(**stream, id);
    EXPECT_EQ(died.action, Event::Action::kDie);
    EXPECT_EQ(died.exit_code, 3);
    EXPECT_LE(created.time_ns, started.time_ns);
    EXPECT_LE(started.time_ns, died.time_ns);

    auto replayed = co_await engine().events(created.time_ns, kCallLimit);
    CO_ASSERT(replayed);
    const Event again = co_await next_of(**replayed, id);
    EXPECT_EQ(again.action, Event::Action::kStart);
  }

  Task<void> events_tell_of_signals_and_memory() {
    auto stream = co_await engine().events(std::nullopt, kCallLimit);
    CO_ASSERT(stream);
    const ContainerSpec serve = container("killed", "serve");
    const std::string id = co_await start(serve);
    const auto killed = co_await engine().kill_container(id, 9, kCallLimit);
    CO_ASSERT(killed);
    Event event = co_await next_of(**stream, id);
    while (event.action != Event::Action::kKill && !event.id.empty()) {
      event = co_await next_of(**stream, id);
    }
    EXPECT_EQ(event.signal, 9);
    event = co_await next_of(**stream, id);
    EXPECT_EQ(event.action, Event::Action::kDie);
    EXPECT_EQ(event.exit_code, 137);
    const auto removed = co_await engine().remove_container(id, false, kCallLimit);
    CO_ASSERT(removed);
    event = co_await next_of(**stream, id);
    EXPECT_EQ(event.action, Event::Action::kRemove);

    ContainerSpec hog = container("oom", "hog");
    hog.settings.resources.memory_bytes = 16 << 20;
    const std::string hog_id = co_await start(hog);
    co_await wait_for_exit(hog_id);
    event = co_await next_of(**stream, hog_id);
    // A busy engine hears of the end before it hears of the reason.
    while (event.action != Event::Action::kOom && !event.id.empty()) {
      event = co_await next_of(**stream, hog_id);
    }
    EXPECT_EQ(event.action, Event::Action::kOom);
  }
};

TEST_P(StreamContract, LogsKeepSourcesAndTimes) {
  run(logs_keep_sources_and_times());
}
TEST_P(StreamContract, LogsGoOnFromACursor) {
  run(logs_go_on_from_a_cursor());
}
TEST_P(StreamContract, AFollowedLogEndsWithItsContainer) {
  run(a_followed_log_ends_with_its_container());
}
TEST_P(StreamContract, EnvArrivesByteForByte) {
  run(env_arrives_byte_for_byte());
}
TEST_P(StreamContract, ExecGivesOutputAndExitCode) {
  run(exec_gives_output_and_exit_code());
}
TEST_P(StreamContract, ExecTakesInput) {
  run(exec_takes_input());
}
TEST_P(StreamContract, ExecHasATerminal) {
  run(exec_has_a_terminal());
}
TEST_P(StreamContract, ExecNeedsARunningContainer) {
  run(exec_needs_a_running_container());
}
TEST_P(StreamContract, EventsComeInOrder) {
  run(events_come_in_order());
}
TEST_P(StreamContract, EventsTellOfSignalsAndMemory) {
  run(events_tell_of_signals_and_memory());
}

INSTANTIATE_TEST_SUITE_P(Contract, StreamContract, ::testing::ValuesIn(contract_worlds()));

}  // namespace
}  // namespace croft::engine
